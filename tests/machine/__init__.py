"""The tests that start processes, on machines unlike the one they were written on.

* ``load``: processes that keep the processors busy beside them
* ``copies``: further checkouts, with their own environments
* ``conditions``: what may be unlike on a stranger's machine
* ``strangers``: runs tests and demo under each condition, for `make strangers-machine`
* ``steady``: runs the tests over and over under load, for `make steady`
"""
