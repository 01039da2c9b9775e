"""Child processes that live and die together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Self

from devtools.local.interrupts import held_back
from devtools.local.lifeline import child_descriptors, child_environment

STOP_GRACE_S = 30.0
"""Seconds from the request to stop until a child is killed; a busy worker needs up to 25."""
POLL_S = 0.2


class Processes:
    """Starts ``genrebot`` commands as processes and stops them all on exit.

    They end too when this process is killed.

    Args:
        environment: variables to set for them, on top of this process's own.
        log: file that takes what they print; None leaves it on the terminal.
        program: what runs the commands; by default this ``genrebot``.

    """

    def __init__(
        self,
        environment: Mapping[str, str],
        log: IO[bytes] | None = None,
        program: Sequence[str] = ("-m", "genrebot"),
    ) -> None:
        self._environment = {**os.environ, **environment, **child_environment()}
        self._log = log
        self._program = program
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
        with held_back():
            self._running[name] = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, *self._program, *arguments],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT if self._log else None,
                pass_fds=child_descriptors(),
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
        processes = dict(reversed(self._running.items()))
        self._running.clear()
        for process in processes.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_GRACE_S
        why = "a second request to end cut the waiting short"
        try:
            for process in processes.values():
                process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            why = f"it had not ended {STOP_GRACE_S:g} s after it was asked to"
        finally:
            for name, process in processes.items():
                if process.poll() is None:
                    self._say(f"killed the {name} (process {process.pid}): {why}")
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
                else:
                    self._kill_rest(name, process.pid)

    def _kill_rest(self, name: str, group: int) -> None:
        """Kill what a process that has ended has left of its session."""
        with suppress(ProcessLookupError, PermissionError):  # macOS says the latter of zombies
            os.killpg(group, signal.SIGKILL)
            self._say(f"killed what the {name} (process {group}) had left running when it ended")

    def _say(self, line: str) -> None:
        data = f"{line}\n".encode()
        if self._log is None:
            sys.stderr.write(data.decode())
        else:
            self._log.write(data)
            self._log.flush()
