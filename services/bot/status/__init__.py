"""The status message of each job.

* ``updater``: finds out which messages have to change.
* ``pending``: which jobs it reads next.
* ``sender``: sends or edits one message, under its lock.
* ``view``: what a message says.
* ``rate_limit``: when a message may be sent.
"""
