"""Sound to genre: pure functions on arrays, usable from a notebook."""
