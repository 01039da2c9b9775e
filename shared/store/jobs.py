"""The state of every job, in Redis, moving only forward.

A job is one hash. Beside it stand the set of its finished segments, the sorted set of
jobs that are not over, and the sorted set of jobs that may begin and that no worker has
begun, whose order is the queue a person sees; jobs that wait for earlier ones of the same
person are not among those (``store.user_slots``). Every change is one script, so two workers
that run the same step at once cannot tear a state.
"""

import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Self, cast

from redis import Redis

from shared.domain.job_state import JobState
from shared.errors import ErrorCode, GenrebotError
from shared.queue.messages import Plan, Track
from shared.settings import JobSettings, RedisSettings
from shared.store.redis_client import connect, key
from shared.store.scripts import ADVANCE, COUNT, CREATE, RECORD
from shared.store.segment_progress import SegmentProgress, segments_key
from shared.store.user_slots import ACTIVE, WAITING, UserSlots, line_key, working_key

LEADER = "leader"
"""The field that names the job whose answer will be this one's too."""
STATUS_FIELD = "status_message_id"
"""The field that names the message in which a job is followed, and answered."""
STATUS_LOCK_S = 20
"""Seconds after which a lock on a status message is taken for abandoned.

Above the 10 s that the bot gives a request. A reply may take longer, which does no harm: once
the lock is free the bot sees from the job's stage that the message is no longer its own."""


@dataclass(frozen=True)
class JobView:
    """A job as it stood at one moment."""

    job_id: str
    track: Track
    state: JobState
    plan: Plan | None
    segments_done: int
    position: int | None
    """Jobs before this one that may begin and that no worker has begun; None unless it is one."""
    status_message_id: int | None
    error: GenrebotError | None
    fields: dict[str, str]
    place: int | None = None
    """Which of its person's tracks this is, where it waits for that person's earlier ones."""
    leader: "JobView | None" = None
    """The job on the same file that this one follows, and waits for, instead of working itself."""

    @property
    def is_at_work(self) -> bool:
        """Whether an answer may still come of it."""
        return not self.state.final and self.error is None

    @property
    def segments_put(self) -> int:
        """Segments that have been decoded; some of them may be done and gone."""
        return int(self.fields.get("put", 0))

    @property
    def segments_left(self) -> int:
        """Segments that have been decoded and whose features are not there."""
        return self.segments_put - self.segments_done

    @property
    def chunks_done(self) -> int:
        """Chunks whose features are there; exact once all are."""
        if self.plan is None:
            return 0
        return min(self.plan.n_chunks, self.segments_done * self.plan.segment_chunks)


class JobStore:
    """Reads and moves jobs. Every method talks to Redis and may block: not for event loops."""

    def __init__(self, redis: Redis, settings: JobSettings) -> None:
        self.redis = redis
        self.settings = settings
        self.user_slots = UserSlots(redis, settings)
        self.segment_progress = SegmentProgress(redis, settings)
        self._create = redis.register_script(CREATE)
        self._advance = redis.register_script(ADVANCE)
        self._record = redis.register_script(RECORD)
        self._count = redis.register_script(COUNT)

    @classmethod
    def open(cls, redis: RedisSettings, settings: JobSettings) -> Self:
        """Connect and wrap."""
        return cls(connect(redis, text=True), settings)

    def create(self, track: Track) -> bool:
        """Note a new job as received; False where it is known already.

        It may begin at once unless too many of its person's are in work; then it stands in
        that person's line until ``turns.admit`` lets it in.
        """
        person = track.person
        made = self._create(
            keys=[job_key(track.job_id), ACTIVE, WAITING, working_key(person), line_key(person)],
            args=[
                track.job_id,
                track.model_dump_json(),
                JobState.RECEIVED,
                time.time(),
                self.settings.job_ttl_s,
                self.settings.jobs_per_person,
            ],
        )
        return bool(made)

    def advance(self, job_id: str, state: JobState) -> bool:
        """Move a job to a stage.

        Returns:
            Whether the job stands at this stage now. False means that the step is not to
            be run: the job is past it, over, or has been forgotten.

        """
        reached = self._advance(
            keys=[job_key(job_id), ACTIVE, WAITING],
            args=[
                job_id,
                state.rank,
                state,
                time.time(),
                self.settings.job_ttl_s,
                int(state.final),
            ],
        )
        return bool(reached)

    def record(self, job_id: str, field: str, value: str) -> bool:
        """Write a fact about a job once; False where it is known or the job is gone."""
        return bool(self._record(keys=[job_key(job_id)], args=[field, value]))

    def forget(self, job_id: str, field: str) -> None:
        """Take back a fact, so that it can be recorded anew."""
        self.redis.hdel(job_key(job_id), field)

    def fact(self, job_id: str, field: str) -> str | None:
        """Read one recorded fact."""
        return cast("str | None", self.redis.hget(job_key(job_id), field))

    def plan(self, job_id: str) -> Plan | None:
        """How the track was cut, once it was."""
        raw = self.fact(job_id, "plan")
        return Plan.model_validate_json(raw) if raw else None

    def fail(self, job_id: str, error: GenrebotError) -> bool:
        """Note why a job fails; the first reason stands. The reply step ends the job."""
        return self.record(job_id, "error", f"{error.code}\n{error.message}")

    def begin(self, job_id: str, step: str) -> int:
        """Count a start of a step that has not ended; 0 for a forgotten job.

        A step whose worker dies never gets to ``end``, so the count is one for the start
        at hand and one for each death before it.
        """
        return cast("int", self._count(keys=[job_key(job_id)], args=[f"open:{step}", 1]))

    def end(self, job_id: str, step: str) -> None:
        """Take back what ``begin`` counted: the step has ended, well or not."""
        self._count(keys=[job_key(job_id)], args=[f"open:{step}", -1])

    def status_lock(self, job_id: str, *, wait_s: float) -> AbstractContextManager[object]:
        """Guard a job's status message: two writers must not cross.

        Raises (on entering):
            redis.exceptions.LockError: somebody else held it for all of ``wait_s`` seconds.

        """
        return cast(
            "AbstractContextManager[object]",
            self.redis.lock(
                key("job", job_id, "status"),
                timeout=STATUS_LOCK_S,
                blocking_timeout=wait_s,
                # An event loop takes and gives back on whichever threads are free.
                thread_local=False,
                # A time-out shows as LockNotOwned on release; the edit was made all the same.
                raise_on_release_error=False,
            ),
        )

    def active(self) -> list[str]:
        """Ids of all jobs that are not over, oldest first."""
        return cast("list[str]", self.redis.zrange(ACTIVE, 0, -1))

    def drop_from_lists(self, job_id: str) -> None:
        """Take a job whose state has expired off the lists."""
        with self.redis.pipeline(transaction=False) as pipe:
            pipe.zrem(ACTIVE, job_id)
            pipe.zrem(WAITING, job_id)
            pipe.execute()

    def view(self, job_id: str) -> JobView | None:
        """One job as it stands, or None."""
        return self.views([job_id])[0]

    def views(self, job_ids: Iterable[str]) -> list[JobView | None]:
        """Many jobs in few round trips, in the order asked for."""
        views = self._read(job_ids)
        known = [view for view in views if view]
        odd = {
            view.job_id: view.track.person
            for view in known
            if view.state is JobState.RECEIVED and view.position is None
        }
        led = {
            view.job_id: view.fields[LEADER]
            for view in known
            if view.state is JobState.FETCHING and LEADER in view.fields
        }
        places = dict(zip(odd, self.user_slots.places(odd.items()), strict=True)) if odd else {}
        leaders = dict(zip(led, self._read(led.values()), strict=True)) if led else {}
        return [
            view and replace(view, place=places.get(view.job_id), leader=leaders.get(view.job_id))
            for view in views
        ]

    def _read(self, job_ids: Iterable[str]) -> list[JobView | None]:
        ids = list(job_ids)
        with self.redis.pipeline(transaction=False) as pipe:
            for job_id in ids:
                pipe.hgetall(job_key(job_id))
                pipe.scard(segments_key(job_id))
                pipe.zrank(WAITING, job_id)
            answers: list[Any] = pipe.execute()
        return [
            _view(job_id, *answers[3 * i : 3 * i + 3]) if answers[3 * i] else None
            for i, job_id in enumerate(ids)
        ]


def _view(job_id: str, fields: dict[str, str], segments: int, rank: int | None) -> JobView:
    status = fields.get(STATUS_FIELD)
    code, _, message = fields.get("error", "").partition("\n")
    return JobView(
        job_id=job_id,
        track=Track.model_validate_json(fields["track"]),
        state=JobState(fields["stage"]),
        plan=Plan.model_validate_json(fields["plan"]) if "plan" in fields else None,
        segments_done=segments,
        position=rank,
        status_message_id=int(status) if status else None,
        error=GenrebotError(ErrorCode(code), message) if code else None,
        fields=fields,
    )


def job_key(job_id: str) -> str:
    """Name of the hash that holds a job's state."""
    return key("job", job_id)
