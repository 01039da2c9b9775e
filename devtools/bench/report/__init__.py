"""From figures to a record, a table on the terminal and a page."""
