"""The 57 published features of a chunk."""
