"""Requests to end: Ctrl-C, a service manager's SIGTERM, a terminal that closes."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

REQUESTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that ask a program to end."""
INHERITED = (signal.SIGINT, signal.SIGHUP)
"""Those that stay ignored where they are: so start nohup, cron and shells in the background."""


class _Requests:
    """What has been asked for while it could not be done.

    Signal handlers run in the main thread, so this needs no lock.
    """

    def __init__(self) -> None:
        self.holds = 0
        self.pending = False

    def come(self, *_: object) -> None:
        for number in set(REQUESTS) - {signal.SIGINT}:
            signal.signal(number, signal.SIG_IGN)
        if self.holds:
            self.pending = True
        else:
            raise KeyboardInterrupt

    def release(self) -> None:
        self.holds -= 1
        if self.pending and not self.holds:
            self.pending = False
            raise KeyboardInterrupt


_requests = _Requests()


@contextmanager
def ends_as_interrupts() -> Iterator[None]:
    """Turn requests to end into ``KeyboardInterrupt`` while the body runs.

    By default SIGTERM and SIGHUP end Python on the spot, and whatever it has started would live
    on. Once a request has come, only Ctrl-C counts: the end is under way, and a second Ctrl-C
    means that it takes too long. To be called in the main thread.
    """
    heeded = [
        number
        for number in REQUESTS
        if number not in INHERITED or signal.getsignal(number) is not signal.SIG_IGN
    ]
    before = {number: signal.signal(number, _requests.come) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _requests.pending = False


@contextmanager
def held_back() -> Iterator[None]:
    """Let requests to end wait for the end of the body.

    For starting a process: an exception between its start and the note that it runs would
    leave it behind.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # no signal handler runs here
        return
    _requests.holds += 1
    try:
        yield
    finally:
        _requests.release()
