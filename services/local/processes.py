"""Child processes that live and die together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import IO, Self

STOP_GRACE_S = 30.0
"""Seconds from the request to stop until a child is killed."""
POLL_S = 0.2


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
            [sys.executable, "-m", "services.cli", *arguments],
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
        """Ask all to end, the last started first, and kill who does not."""
        processes = list(reversed(self._running.values()))
        for process in processes:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_GRACE_S
        for process in processes:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._running.clear()
