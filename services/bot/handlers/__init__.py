"""What the bot replies to which update.

A handler returns its reply as a method and never awaits it: the outbox sends it in the background.
Each router is made by a function, as a router belongs to one dispatcher.

* ``commands``: /start, /help, /genres.
* ``privacy``: /privacy, /forget.
* ``tracks``: tracks, and the button under a refusal.
* ``fallback``: everything that is no track.
* ``errors``: exceptions that no handler expected.
"""
