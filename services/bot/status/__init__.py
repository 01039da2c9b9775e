"""The status message of each job.

* ``updater``: finds out which messages have to change.
* ``sender``: sends or edits one message, under its lock.
* ``view``: what a message says.
* ``rate_limit``: when a message may be sent.
"""
