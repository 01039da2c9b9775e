"""The job store: the state of every job, in Redis, moving only forward.

A job is a hash (``keys.JobField``). Beside it are the set of its completed segments, the sorted
set of active jobs, and the sorted set of waiting jobs, which is the common queue that users see.
Jobs that wait for earlier ones of the same user are in that user's line instead
(``store.user_slots``). Every change is one Lua script, so two workers that run the same task at
once cannot leave a job half changed; the same script keeps the counters of the backlog
(``store.backlog``) and the change feed (``store.change_feed``).
"""

import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Self, cast

from redis import Redis

from shared.domain.job_state import CancelReason, JobState
from shared.domain.plan import Plan
from shared.domain.track import Track
from shared.errors import GenrebotError
from shared.scheduling.cost_model import expected_s
from shared.settings import JobSettings, RedisSettings
from shared.store.backlog import MS_PER_S, BacklogCounters
from shared.store.cancellation import Cancellation
from shared.store.change_feed import ChangeFeed, Changes
from shared.store.job_view import JobView, read_views
from shared.store.keys import (
    ACTIVE_JOBS,
    CHANGED_JOBS,
    WAITING_JOBS,
    JobField,
    job_key,
    unfinished_runs_field,
)
from shared.store.lua_scripts import load_script
from shared.store.redis_client import connect
from shared.store.segment_progress import SegmentProgress
from shared.store.status_lock import status_lock
from shared.store.user_slots import UserLineFullError, UserSlots


class JobStore:
    """Reads and changes jobs. Every method talks to Redis and may block: not for event loops.

    Args:
        redis: client whose values are text.
        settings: how long jobs are kept, and how work is divided.

    """

    def __init__(self, redis: Redis, settings: JobSettings) -> None:
        self.redis = redis
        self.settings = settings
        self.user_slots = UserSlots(redis, settings)
        self.segment_progress = SegmentProgress(redis, settings)
        self.backlog = BacklogCounters(redis)
        self._cancellation = Cancellation(redis)
        self._change_feed = ChangeFeed(redis)
        self._create = redis.register_script(load_script(__package__, "create_job"))
        self._advance = redis.register_script(load_script(__package__, "advance_job"))
        self._record = redis.register_script(load_script(__package__, "record_fact"))
        self._set_length = redis.register_script(load_script(__package__, "set_length"))
        self._count = redis.register_script(load_script(__package__, "count_run"))

    @classmethod
    def open(cls, redis: RedisSettings, settings: JobSettings) -> Self:
        """Make a store with a connection of its own."""
        return cls(connect(redis, text=True), settings)

    def create(self, track: Track) -> bool:
        """Create a track's job, in the state ``received``.

        It may start at once unless too many of its user's jobs are in work. Then it waits in the
        user's line until ``user_slots.admit`` lets it in.

        Returns:
            Whether the job is new.

        Raises:
            UserLineFullError: too many jobs of the user are waiting.

        """
        created = self._create(
            keys=[job_key(track.job_id)],
            args=[
                track.job_id,
                track.user,
                track.model_dump_json(),
                JobState.RECEIVED,
                time.time(),
                self.settings.job_ttl_s,
                round(expected_s(track) * MS_PER_S),
                self.settings.jobs_per_person,
                self.settings.max_waiting_per_user,
            ],
        )
        if cast("int", created) < 0:
            raise UserLineFullError(self.settings.max_waiting_per_user)
        return bool(created)

    def advance(self, job_id: str, state: JobState) -> bool:
        """Move a job forward to a state.

        Returns:
            Whether the job is in this state now. If not, a task that asked for it has nothing to
            do: the job is past it, over, or forgotten.

        """
        reached = self._advance(
            keys=[job_key(job_id)],
            args=[
                job_id,
                state,
                state.rank,
                time.time(),
                self.settings.job_ttl_s,
                int(state.final),
                int(state.rank > JobState.FEATURIZING.rank),
            ],
        )
        return bool(reached)

    def set_length(self, job_id: str, length_s: float) -> None:
        """Replace the length that the sender claims by the one that the file's header states."""
        self._set_length(
            keys=[job_key(job_id)], args=[job_id, length_s, round(length_s * MS_PER_S)]
        )

    def record(self, job_id: str, field: JobField, value: str) -> bool:
        """Write a field of a job once; False if it is there already or the job is forgotten."""
        return bool(self._record(keys=[job_key(job_id)], args=[job_id, field, value, 0]))

    def replace(self, job_id: str, field: JobField, value: str) -> bool:
        """Write a field of a job, whatever it was; False if the job is forgotten."""
        return bool(self._record(keys=[job_key(job_id)], args=[job_id, field, value, 1]))

    def forget(self, job_id: str, field: JobField) -> None:
        """Remove a field, so that it can be recorded anew."""
        self.redis.hdel(job_key(job_id), field)

    def fact(self, job_id: str, field: str) -> str | None:
        """Read one field of a job."""
        return cast("str | None", self.redis.hget(job_key(job_id), field))

    def plan(self, job_id: str) -> Plan | None:
        """Return how the track is divided; None before its first slice."""
        raw = self.fact(job_id, JobField.PLAN)
        return Plan.model_validate_json(raw) if raw else None

    def state(self, job_id: str) -> JobState | None:
        """Return a job's state; None if the job is forgotten."""
        raw = self.fact(job_id, JobField.STATE)
        return JobState(raw) if raw else None

    def fail(self, job_id: str, error: GenrebotError) -> bool:
        """Record why a job fails. The first reason counts; the reply task ends the job."""
        return self.record(job_id, JobField.ERROR, f"{error.code}\n{error.message}")

    def begin_run(self, job_id: str, run: str) -> int:
        """Count a run of a task as started.

        A run whose worker dies never gets to ``end_run``. So the count is one for the run that
        starts now, and one for each that died before it.

        Returns:
            The runs that have started and not ended; 0 if the job is forgotten.

        """
        return cast(
            "int", self._count(keys=[job_key(job_id)], args=[unfinished_runs_field(run), 1])
        )

    def end_run(self, job_id: str, run: str) -> None:
        """Count a run as ended, whether it succeeded or not."""
        self._count(keys=[job_key(job_id)], args=[unfinished_runs_field(run), -1])

    def status_lock(self, job_id: str, *, wait_s: float) -> AbstractContextManager[object]:
        """Return the lock on a job's status message.

        Raises (on entering):
            redis.exceptions.LockError: another writer held it for all of ``wait_s`` seconds.

        """
        return status_lock(self.redis, job_id, wait_s=wait_s)

    def cancel(self, job_id: str, reason: CancelReason) -> bool:
        """End a job at once (``store.cancellation``); False if it is over already or unknown.

        A worker has to clean up behind it: send it a task of the job
        (``queue.sending.send_cleanup``).
        """
        return self._cancellation.cancel(job_id, reason)

    def cancel_chat(self, user: str, chat_id: int, reason: CancelReason) -> list[str]:
        """Cancel all of a user's jobs from one chat; return the ids of those that were active."""
        return self._cancellation.cancel_chat(user, chat_id, reason)

    def forget_user(self, user: str) -> list[str]:
        """Delete everything that is kept about a user (``store.cancellation``).

        Returns:
            The ids of the user's jobs that were active; send a cleanup for each.

        """
        return self._cancellation.forget_user(user)

    def is_over(self, job_id: str) -> bool:
        """Return whether a job is over, cancelled, or forgotten."""
        state_and_final = self.redis.hmget(job_key(job_id), [JobField.STATE, JobField.FINAL])
        state, final = cast("list[str | None]", state_and_final)
        return state is None or final is not None

    def changed_since(self, cursor: int, limit: int = 1000) -> Changes:
        """Read which jobs have changed (``store.change_feed``).

        Args:
            cursor: of the last ``Changes``; 0 for a new reader.
            limit: most jobs to return.

        """
        return self._change_feed.since(cursor, limit)

    def positions(self, job_ids: Iterable[str]) -> dict[str, int | None]:
        """Return how many jobs are ahead of each in the common queue; None if it does not wait."""
        ids = list(job_ids)
        with self.redis.pipeline(transaction=False) as pipe:
            for job_id in ids:
                pipe.zrank(WAITING_JOBS, job_id)
            return dict(zip(ids, pipe.execute(), strict=True))

    def active(self) -> list[str]:
        """Return the ids of all jobs that are not over, oldest first."""
        return cast("list[str]", self.redis.zrange(ACTIVE_JOBS, 0, -1))

    def drop_from_lists(self, job_id: str) -> None:
        """Remove a job whose hash has expired from the lists."""
        with self.redis.pipeline(transaction=False) as pipe:
            pipe.zrem(ACTIVE_JOBS, job_id)
            pipe.zrem(WAITING_JOBS, job_id)
            pipe.zrem(CHANGED_JOBS, job_id)
            pipe.execute()

    def view(self, job_id: str) -> JobView | None:
        """Read one job; None if it does not exist.

        Raises:
            ValueError: the job was written by another release and cannot be read.

        """
        return self.views([job_id])[0]

    def views(self, job_ids: Iterable[str]) -> list[JobView | None]:
        """Read many jobs in few round trips, in the order asked for (see ``read_views``)."""
        return read_views(self.redis, self.user_slots, job_ids)
