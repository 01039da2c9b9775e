"""What users are told of the queue: their position, and how long it will take."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from redis import Redis

from services.bot.estimation.simulation import Capacity, finish_times
from services.bot.estimation.snapshot import QueueSnapshot, SnapshotReader
from shared.settings import JobSettings

REUSE_FACTOR: Final = 20
"""Estimates are reused for this many times as long as they took to make, so that they never take
more than a twentieth of a core."""


@dataclass(frozen=True)
class QueueEstimate:
    """What a user can be told of a job."""

    left_s: float
    """Seconds until the reply."""
    before: int | None = None
    """Jobs that begin before this one; None if it has begun, or waits for others of its user."""
    attended: bool = True
    """Whether any worker is there; if not, the seconds are what one process would take."""


class QueueEstimator:
    """Estimates all jobs together.

    Args:
        redis: Client whose values are text.
        settings: How work is divided.

    """

    def __init__(self, redis: Redis, settings: JobSettings) -> None:
        self._settings = settings
        self._snapshots = SnapshotReader(redis, settings)
        self._last: Mapping[str, QueueEstimate] = {}
        self._reuse_until = 0.0

    def estimates(self, wanted: Iterable[str] = ()) -> Mapping[str, QueueEstimate]:
        """Estimate every job that is not over. Blocks.

        Args:
            wanted: Ids of jobs that are asked for; if one of them is new, no earlier estimates
                are reused.

        Returns:
            The estimates by the jobs' ids.

        Raises:
            redis.exceptions.RedisError: Redis does not answer.

        """
        started = time.monotonic()
        if started >= self._reuse_until or not self._last.keys() >= set(wanted):
            self._last = forecast(self._snapshots.read(), self._settings)
            ended = time.monotonic()
            self._reuse_until = ended + REUSE_FACTOR * (ended - started)
        return self._last


def forecast(snapshot: QueueSnapshot, settings: JobSettings) -> dict[str, QueueEstimate]:
    """Estimate the jobs of a snapshot, by their ids."""
    processes = snapshot.workers.processes
    capacity = Capacity(
        processes=max(1, processes),
        speed=snapshot.speed,
        max_inflight_segments=settings.max_inflight_segments,
        jobs_per_user=settings.jobs_per_person,
    )
    ends = finish_times([job.workload for job in snapshot.jobs], capacity)
    return {
        job.workload.job_id: QueueEstimate(
            ends[job.workload.job_id], job.position, attended=processes > 0
        )
        for job in snapshot.jobs
    }
