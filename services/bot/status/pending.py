"""Which jobs to read next: those that changed, those whose update has to wait, and a few others."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

MAX_FIRST: Final = 50
MAX_EDITS: Final = 50
"""Jobs whose first message, or whose edit, waits for the rate limiter, and that are read at a time.
More could not be sent within a second."""
ROTATION: Final = 100
"""Other jobs that are read at a time: positions and times change although the job does not."""


class PendingUpdates:
    """Keeps the active jobs of one bot in the order in which their messages are due."""

    def __init__(self) -> None:
        self._active: dict[str, None] = {}
        self._first: dict[str, None] = {}
        self._edits: dict[str, None] = {}

    def next(self, changed: Iterable[str]) -> list[str]:
        """Return the jobs to read now, each once: the ones that changed come first."""
        rotated = list(islice(self._active, ROTATION))
        for job_id in rotated:
            self._active[job_id] = self._active.pop(job_id)  # to the end
        first, edits = islice(self._first, MAX_FIRST), islice(self._edits, MAX_EDITS)
        return list(dict.fromkeys([*changed, *first, *edits, *rotated]))

    def follow(self, job_id: str) -> None:
        """Read a job again now and then, until it is dropped."""
        self._active.setdefault(job_id)

    def wait(self, job_id: str, *, first: bool) -> None:
        """Read a job again soon, after all others that wait."""
        self.settle(job_id)
        (self._first if first else self._edits)[job_id] = None

    def settle(self, job_id: str) -> None:
        """Note that a job's message is up to date."""
        self._first.pop(job_id, None)
        self._edits.pop(job_id, None)

    def drop(self, job_id: str) -> None:
        """Read a job no more unless it changes."""
        self._active.pop(job_id, None)
        self.settle(job_id)
