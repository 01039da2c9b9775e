"""What people are told of the queue: their place, how long it will take, whether it is full.

All of it comes from one look at Redis, taken in one round trip.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Any, Final, NamedTuple, cast

from redis import Redis

from services.bot.estimation.simulation import Capacity, Workload, finish_times
from shared.domain.job_state import JobState
from shared.domain.plan import Plan
from shared.domain.track import Track
from shared.music.constants import CHUNK_SECONDS
from shared.scheduling.cost_model import expected_s
from shared.scheduling.policy import left_s, thresholds
from shared.settings import JobSettings
from shared.store.keys import ACTIVE_JOBS, COSTS, WAITING_JOBS, WORKERS, JobField, job_key
from shared.store.known_files import is_known
from shared.store.throughput import Speed, WorkerPool

RESTS: Final = 20
"""A forecast is used for as many times as long as it took to make."""

_FIXED_LEFT: Final = {
    JobState.RECEIVED: 1.0,
    JobState.FETCHING: 1.0,
    JobState.CONVERTING: 0.8,
    JobState.FEATURIZING: 0.8,
    JobState.CLASSIFYING: 0.7,
}
_REPLY_LEFT: Final = 0.3
"""Part of what every job costs that is still to come at each stage, roughly."""

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

# KEYS: the lists of jobs, workers, speed. ARGV: start of a job's key, now.
_LOOK: Final = f"""
local jobs = {{}}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local job = ARGV[1] .. id
  local facts = redis.call('HMGET', job, {_FIELDS})
  if facts[1] then
    table.insert(jobs, {{id, redis.call('ZRANK', KEYS[2], id),
                        redis.call('SCARD', job .. ':segments'), unpack(facts)}})
  end
end
local workers = redis.call('ZRANGEBYSCORE', KEYS[3], ARGV[2], '+inf')
return {{jobs, workers, redis.call('HGETALL', KEYS[4])}}
"""


@dataclass(frozen=True)
class QueueEstimate:
    """What a person can be told of a job."""

    left_s: float
    """Seconds until the answer."""
    before: int | None = None
    """Jobs that begin before this one; None once it is begun, or while it waits for others."""
    attended: bool = True
    """Whether any worker is there; if not, the seconds are what one would take."""


class _Job(NamedTuple):
    """A job as the look found it."""

    load: Workload
    before: int | None
    audio_s: float
    """Seconds of its audio that are still to be listened to."""


@dataclass(frozen=True)
class _Situation:
    jobs: list[_Job]
    pool: WorkerPool
    speed: Speed


class Outlook:
    """Looks at all jobs together. Every method talks to Redis and may block.

    Args:
        redis: client whose values are text.
        settings: how work is divided, and how much may wait.

    """

    def __init__(self, redis: Redis, settings: JobSettings) -> None:
        self._redis = redis
        self._settings = settings
        self._look = redis.register_script(_LOOK)
        self._last: Mapping[str, QueueEstimate] = {}
        self._good_until = 0.0

    def estimates(self, wanted: Iterable[str] = ()) -> Mapping[str, QueueEstimate]:
        """What to tell of each job that is not over, by id.

        Args:
            wanted: ids of some; where one is new, the last forecast will not do.

        """
        started = time.monotonic()
        if started >= self._good_until or not self._last.keys() >= set(wanted):
            self._last = self._forecast(self._situation())
            ended = time.monotonic()
            self._good_until = ended + RESTS * (ended - started)
        return self._last

    def crowded(self, track: Track) -> QueueEstimate | None:
        """Ask whether a new track would be too much.

        Returns:
            None where it is welcome: not too much waits, or it is known already, as a job or
            as a file. Else what it would have to expect if it were taken all the same.

        """
        found = self._situation()
        waiting_s = sum(job.audio_s for job in found.jobs)
        if waiting_s <= self._settings.max_backlog_s * max(1, found.pool.processes):
            return None
        if self._redis.exists(job_key(track.job_id)) or is_known(
            self._redis, found.pool.versions, track.file_unique_id
        ):
            return None
        more = self._job(track.job_id, track, JobState.RECEIVED)
        return self._forecast(replace(found, jobs=[*found.jobs, more]))[track.job_id]

    def _forecast(self, found: _Situation) -> dict[str, QueueEstimate]:
        processes = found.pool.processes
        capacity = Capacity(
            processes=max(1, processes),
            speed=found.speed,
            max_inflight_segments=self._settings.max_inflight_segments,
            jobs_per_person=self._settings.jobs_per_person,
        )
        ends = finish_times((job.load for job in found.jobs), capacity)
        return {
            job.load.job_id: QueueEstimate(ends[job.load.job_id], job.before, processes > 0)
            for job in found.jobs
        }

    def _situation(self) -> _Situation:
        raw = cast(
            "list[Any]",
            self._look(
                keys=[ACTIVE_JOBS, WAITING_JOBS, WORKERS, COSTS], args=[job_key(""), time.time()]
            ),
        )
        jobs, pool, speed = raw
        sums = dict(zip(speed[::2], speed[1::2], strict=True))
        read = [job for job in map(self._read, jobs) if job is not None]
        return _Situation(read, WorkerPool.of(pool), Speed.of(sums))

    def _read(self, facts: list[Any]) -> _Job | None:
        job_id, rank, done, track, state, plan, error, leader = facts
        try:
            job = self._job(
                job_id,
                Track.model_validate_json(track),
                JobState.REPLYING if error else JobState(state),
                Plan.model_validate_json(plan) if plan else None,
                done,
            )
        except ValueError:
            return None  # of another release, which may count as little as it likes
        if leader and state == JobState.FETCHING:
            return job._replace(load=replace(job.load, held=False, leader=leader), audio_s=0.0)
        held = state == JobState.RECEIVED and rank is None
        return job._replace(load=replace(job.load, held=held), before=rank)

    def _job(
        self, job_id: str, track: Track, state: JobState, plan: Plan | None = None, done: int = 0
    ) -> _Job:
        """Say what a job has still to do, which so far waits for its turn."""
        settings = self._settings
        chunks = plan.segment_chunks if plan else settings.segment_chunks
        length_s = plan.duration_s if plan else expected_s(track)
        segment_s = float(chunks * CHUNK_SECONDS)
        audio_s = left_s(length_s, done, chunks)
        if state.rank > JobState.FEATURIZING.rank:
            audio_s = 0.0
        load = Workload(
            job_id=job_id,
            person=track.user,
            fixed=_FIXED_LEFT.get(state, _REPLY_LEFT),
            audio_s=audio_s,
            segments=ceil(audio_s / segment_s),
            max_inflight_segments=thresholds(settings)[:-1],
            held=True,
        )
        return _Job(load, None, audio_s)
