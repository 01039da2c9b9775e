"""Whether one more track is accepted."""

from dataclasses import replace

from redis import Redis

from services.bot.estimation.eta import QueueEstimate, forecast
from services.bot.estimation.snapshot import JobSnapshot, QueueSnapshot, SnapshotReader
from services.bot.estimation.workload import workload
from shared.domain.track import Track
from shared.settings import JobSettings
from shared.store.keys import job_key
from shared.store.known_files import is_known


class Admission:
    """Refuses tracks while the backlog is too long.

    Args:
        redis: Client whose values are text.
        settings: How long the backlog may be.

    """

    def __init__(self, redis: Redis, settings: JobSettings) -> None:
        self._redis = redis
        self._settings = settings
        self._snapshots = SnapshotReader(redis, settings)

    def check(self, track: Track) -> QueueEstimate | None:
        """Check whether a track can be accepted. Blocks.

        Returns:
            None if it is accepted: the backlog is short enough, or the track is known already, as
            a job or as a file. Else the estimate that it would get.

        Raises:
            redis.exceptions.RedisError: Redis does not answer.

        """
        snapshot = self._snapshots.read()
        processes = max(1, snapshot.workers.processes)
        if snapshot.backlog_s <= self._settings.max_backlog_s * processes:
            return None
        if self._redis.exists(job_key(track.job_id)) or is_known(
            self._redis, snapshot.workers.versions, track.file_unique_id
        ):
            return None
        return self._estimate(track, snapshot)

    def _estimate(self, track: Track, snapshot: QueueSnapshot) -> QueueEstimate:
        # ``held`` lets the simulation begin the job once its user has a free slot.
        added = JobSnapshot(workload(track, self._settings, held=True), None)
        jobs = [*snapshot.jobs, added]
        return forecast(replace(snapshot, jobs=jobs), self._settings)[track.job_id]
