"""When each job will be done, and whether one more track can be accepted.

* ``snapshot``: a copy of all active jobs, and of the workers and their speed.
* ``workload``: what one job still has to do.
* ``simulation``: plays the queues forward: when each workload is done.
* ``eta``: the estimate that users are told.
* ``admission``: whether one more track is accepted.
"""
