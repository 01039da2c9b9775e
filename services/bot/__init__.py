"""The Telegram bot: accepts tracks, shows their progress, and replies to everything else.

It decodes nothing and computes nothing; workers do that, and they send the verdict themselves.

* ``app``: composes everything and runs it.
* ``config``: the settings that the bot reads.
* ``dispatcher``: aiogram's dispatcher with all routers and middlewares.
* ``access``, ``usage``: whom the bot serves, and how much they may send.
* ``poller``: fetches updates.
* ``media``: what counts as a track, and what Telegram says about it.
* ``submission``: puts a track on the queue.
* ``cancellation``: ends jobs early.
* ``outbox``: sends replies in the background.
* ``texts``: every sentence that the bot says.
* ``liveness``: whether the bot serves anybody: its heartbeat, its health, its loop's lag.
* ``handlers``, ``status``, ``estimation``: see there.
"""
