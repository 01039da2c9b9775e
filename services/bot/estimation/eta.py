"""What users are told of the queue: how long it will take."""

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from redis import Redis

from services.bot.estimation.simulation import Capacity, Forecast, simulate
from services.bot.estimation.snapshot import QueueSnapshot, SnapshotReader
from services.bot.estimation.workload import workload
from shared.domain.track import Track
from shared.settings import JobSettings

REUSE_FACTOR: Final = 20
"""A forecast is reused for this many times as long as it took to make, so that forecasts never
take more than a twentieth of a core."""


@dataclass(frozen=True)
class QueueEstimate:
    """What a user can be told of a job."""

    left_s: float
    """Seconds until the reply."""
    attended: bool = True
    """Whether any worker is there; if not, the seconds are what one process would take."""


class QueueEstimator:
    """Estimates all jobs together. May be used by several threads.

    Args:
        redis: Client whose values are text.
        settings: How work is divided.

    """

    def __init__(self, redis: Redis, settings: JobSettings) -> None:
        self._settings = settings
        self._snapshots = SnapshotReader(redis, settings)
        self._forecast: Forecast | None = None
        self._attended = False
        self._estimates: dict[str, QueueEstimate] = {}
        self._reuse_until = 0.0
        self._lock = threading.Lock()

    def estimates(self, wanted: Iterable[str] = ()) -> Mapping[str, QueueEstimate]:
        """Estimate every job that is not over. Blocks.

        Args:
            wanted: Ids of jobs that are asked for. Those that a reused forecast does not contain
                are estimated as additions to it.

        Returns:
            The estimates by the jobs' ids.

        Raises:
            redis.exceptions.RedisError: Redis does not answer.

        """
        forecast = self._current()
        for job_id in wanted:
            if job_id in self._estimates:
                continue
            added = self._snapshots.workload(job_id)
            if added is not None:
                left_s = forecast.one_more(added)
                self._estimates[job_id] = QueueEstimate(left_s, self._attended)
        return self._estimates

    def one_more(self, track: Track) -> QueueEstimate:
        """Estimate a track that is not accepted yet, at a cost that the jobs do not change. Blocks.

        Raises:
            redis.exceptions.RedisError: Redis does not answer.

        """
        forecast = self._current()
        left_s = forecast.one_more(workload(track, self._settings, held=True))
        return QueueEstimate(left_s, self._attended)

    def _current(self) -> Forecast:
        """Return the last forecast, or a new one if it has been used for long enough."""
        with self._lock:
            return self._renewed()

    def _renewed(self) -> Forecast:
        started = time.monotonic()
        if self._forecast is None or started >= self._reuse_until:
            snapshot = self._snapshots.read()
            forecast = _forecast(snapshot, self._settings)
            self._attended = snapshot.workers.processes > 0
            self._estimates = {
                job_id: QueueEstimate(left_s, self._attended)
                for job_id, left_s in forecast.ends.items()
            }
            self._forecast = forecast
            ended = time.monotonic()
            self._reuse_until = ended + REUSE_FACTOR * (ended - started)
        return self._forecast


def _forecast(snapshot: QueueSnapshot, settings: JobSettings) -> Forecast:
    capacity = Capacity(
        processes=max(1, snapshot.workers.processes),
        speed=snapshot.speed,
        max_inflight_segments=settings.max_inflight_segments,
        jobs_per_user=settings.jobs_per_person,
    )
    return simulate(snapshot.workloads, capacity)
