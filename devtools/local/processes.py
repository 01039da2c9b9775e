"""Child processes that live and die together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Self

STOP_GRACE_S = 30.0
"""Seconds from the request to stop until a child is killed."""
POLL_S = 0.2

ENDINGS = (signal.SIGTERM, signal.SIGHUP)
"""What asks a program to end besides Ctrl-C: a service manager, a terminal that closes."""


@contextmanager
def ends_as_interrupts() -> Iterator[None]:
    """Turn requests to end into ``KeyboardInterrupt`` while the body runs.

    By default they end Python on the spot, and whatever it has started would live on.
    Once one has come, further ones are ignored: the end is under way.
    """

    def interrupt(*_: object) -> None:
        for number in ENDINGS:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in ENDINGS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Processes:
    """Starts ``genrebot`` commands as processes and stops them all on exit."""

    def __init__(self, environment: Mapping[str, str], log: IO[bytes] | None = None) -> None:
        self._environment = {**os.environ, **environment}
        self._log = log
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, name: str, arguments: Sequence[str]) -> None:
        """Start ``genrebot`` with some arguments, in a session of its own.

        Its own session keeps Ctrl-C from reaching it twice: once from the terminal and
        once from ``stop``, which Celery would take for a demand to drop everything.
        """
        self._running[name] = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "genrebot", *arguments],
            env=self._environment,
            stdout=self._log,
            stderr=subprocess.STDOUT if self._log else None,
            start_new_session=True,
        )

    def ended(self) -> tuple[str, int] | None:
        """Name and exit code of a process that is no longer there, if any."""
        for name, process in self._running.items():
            code = process.poll()
            if code is not None:
                return name, code
        return None

    def wait(self) -> tuple[str, int]:
        """Block until one of them ends; its name and exit code."""
        while (gone := self.ended()) is None:
            time.sleep(POLL_S)
        return gone

    def kill(self, name: str) -> None:
        """Kill one and its children at once, as a power cut would."""
        process = self._running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """Ask all to end, the last started first, and kill who does not.

        A second Ctrl-C cuts the waiting short; nobody is left behind then either.
        """
        processes = list(reversed(self._running.values()))
        self._running.clear()
        for process in processes:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_GRACE_S
        try:
            for process in processes:
                process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            pass
        finally:
            for process in processes:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
