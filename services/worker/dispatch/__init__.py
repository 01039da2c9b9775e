"""How tasks get to the queue, and back to it if their worker dies.

* ``dispatcher``: sends the next task of a job.
* ``dead_letters``: sets messages aside that cannot be understood.
* ``leases``: sends a task again whose worker died.
"""
