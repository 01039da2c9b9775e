"""Whether one more track is accepted."""

import time
from typing import Final, cast

from services.bot.estimation.eta import QueueEstimate, QueueEstimator
from shared.domain.track import Track
from shared.store.jobs import JobStore
from shared.store.keys import WORKERS, job_key
from shared.store.known_files import is_known
from shared.store.throughput import WorkerPool

SOON_S: Final = 600.0
"""A track that would be done within so many seconds is accepted whatever the backlog."""


class Admission:
    """Refuses tracks while the backlog is too long.

    Only jobs in work count towards the backlog: what waits in a user's own line burdens that user
    alone, and is limited where the job is created. A check costs the same however many jobs
    there are.

    Args:
        jobs: Where the jobs' state is kept.
        estimator: Estimates a track before it is refused.

    """

    def __init__(self, jobs: JobStore, estimator: QueueEstimator) -> None:
        self._jobs = jobs
        self._estimator = estimator

    def check(self, track: Track) -> QueueEstimate | None:
        """Check whether a track can be accepted. Blocks.

        Returns:
            None if it is accepted: the backlog is short enough, the track would be done soon, or
            it is known already, as a job or as a file. Else the estimate that it would get.

        Raises:
            redis.exceptions.RedisError: Redis does not answer.

        """
        redis = self._jobs.redis
        members = cast("list[str]", redis.zrangebyscore(WORKERS, time.time(), "+inf"))
        workers = WorkerPool.of(members)
        max_backlog_s = self._jobs.settings.max_backlog_s * max(1, workers.processes)
        if self._jobs.backlog.common().audio_s <= max_backlog_s:
            return None
        if redis.exists(job_key(track.job_id)) or is_known(
            redis, workers.versions, track.file_unique_id
        ):
            return None
        estimate = self._estimator.one_more(track)
        return None if estimate.attended and estimate.left_s < SOON_S else estimate
