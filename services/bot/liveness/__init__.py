"""Whether the bot serves anybody.

* ``heartbeat``: what the bot writes about itself: its last successful poll, its event loop's lag.
* ``health``: what a health check makes of it, in words.
* ``loop_lag``: how late the event loop wakes up.
"""
