"""All jobs that are not over, the workers and their speed, read in one round trip."""

import time
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, cast

from redis import Redis

from services.bot.estimation.workload import Workload, workload
from shared.domain.job_state import JobState
from shared.domain.plan import Plan
from shared.domain.track import Track
from shared.settings import JobSettings
from shared.store.keys import ACTIVE_JOBS, COSTS, WAITING_JOBS, WORKERS, JobField, job_key
from shared.store.throughput import Speed, WorkerPool

_FIELDS: Final = ", ".join(
    f"'{field}'"
    for field in (
        JobField.TRACK,
        JobField.STATE,
        JobField.PLAN,
        JobField.ERROR,
        JobField.LEADER,
    )
)

# KEYS: active jobs, waiting jobs, workers, speed. ARGV: prefix of a job's key, time now.
# Returns the jobs' fields, the registrations of the workers, and the speed's hash.
_READ: Final = f"""
local jobs = {{}}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local job = ARGV[1] .. id
  local fields = redis.call('HMGET', job, {_FIELDS})
  if fields[1] then
    table.insert(jobs, {{redis.call('ZRANK', KEYS[2], id),
                        redis.call('SCARD', job .. ':segments'), unpack(fields)}})
  end
end
local workers = redis.call('ZRANGEBYSCORE', KEYS[3], ARGV[2], '+inf')
return {{jobs, workers, redis.call('HGETALL', KEYS[4])}}
"""


class JobSnapshot(NamedTuple):
    """One job."""

    workload: Workload
    position: int | None
    """Jobs that begin before this one; None if it has begun, or waits for others of its user."""


@dataclass(frozen=True)
class QueueSnapshot:
    """Everything that an estimate needs."""

    jobs: list[JobSnapshot]
    workers: WorkerPool
    speed: Speed

    @property
    def backlog_s(self) -> float:
        """Seconds of audio that have been accepted and not been processed."""
        workloads = (job.workload for job in self.jobs)
        # A follower gets the result of its leader, whose audio counts already.
        return sum(workload.audio_s for workload in workloads if workload.leader is None)


class SnapshotReader:
    """Reads snapshots.

    Args:
        redis: Client whose values are text.
        settings: How work is divided.

    """

    def __init__(self, redis: Redis, settings: JobSettings) -> None:
        self._settings = settings
        self._read = redis.register_script(_READ)

    def read(self) -> QueueSnapshot:
        """Read all jobs. Blocks.

        Raises:
            redis.exceptions.RedisError: Redis does not answer.

        """
        raw = cast(
            "list[Any]",
            self._read(
                keys=[ACTIVE_JOBS, WAITING_JOBS, WORKERS, COSTS], args=[job_key(""), time.time()]
            ),
        )
        jobs, workers, speed = raw
        sums = dict(zip(speed[::2], speed[1::2], strict=True))
        readable = [job for job in map(self._job, jobs) if job is not None]
        return QueueSnapshot(readable, WorkerPool.of(workers), Speed.of(sums))

    def _job(self, fields: list[Any]) -> JobSnapshot | None:
        position, segments_completed, track, state, plan, error, leader = fields
        try:
            work = workload(
                Track.model_validate_json(track),
                self._settings,
                # A failed job has nothing left to do but to say so.
                state=JobState.REPLYING if error else JobState(state),
                plan=Plan.model_validate_json(plan) if plan else None,
                segments_completed=segments_completed,
                held=state == JobState.RECEIVED and position is None,
                leader=leader if state == JobState.FETCHING else None,
            )
        except ValueError:
            return None  # written by another release; an estimate can do without it
        return JobSnapshot(work, position)
