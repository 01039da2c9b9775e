"""A job as it is at one moment, read from Redis."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from redis import Redis

from shared.domain.job_state import JobState
from shared.domain.plan import Plan
from shared.domain.track import Track
from shared.errors import ErrorCode, GenrebotError
from shared.store.keys import WAITING_JOBS, JobField, completed_segments_key, job_key
from shared.store.user_slots import UserSlots


@dataclass(frozen=True)
class JobView:
    """A job at one moment."""

    job_id: str
    track: Track
    state: JobState
    plan: Plan | None
    segments_completed: int
    """Segments whose features are stored."""
    position: int | None
    """Jobs ahead of this one in the common queue; None unless it waits there."""
    status_message_id: int | None
    error: GenrebotError | None
    fields: dict[str, str]
    """The job's hash as it is (``JobField``)."""
    user_position: int | None = None
    """Which of its user's tracks this is, counted from one, while it waits for earlier ones."""
    leader: "JobView | None" = None
    """The job on the same file whose result this one waits for."""

    @property
    def may_give_result(self) -> bool:
        """Whether the job is still expected to give a verdict."""
        return not self.state.final and self.error is None

    @property
    def segments_committed(self) -> int:
        """Segments that were decoded and stored, completed ones included."""
        return int(self.fields.get(JobField.COMMITTED, 0))

    @property
    def segments_left(self) -> int:
        """Committed segments whose features are not stored yet."""
        return self.segments_committed - self.segments_completed

    @property
    def chunks_completed(self) -> int:
        """Chunks whose features are stored; exact once all are."""
        if self.plan is None:
            return 0
        return min(self.plan.n_chunks, self.segments_completed * self.plan.segment_chunks)


def read_views(redis: Redis, user_slots: UserSlots, job_ids: Iterable[str]) -> list[JobView | None]:
    """Read many jobs in few round trips.

    Args:
        redis: client whose values are text.
        user_slots: tells positions in the users' own lines.
        job_ids: which jobs.

    Returns:
        The jobs in the order asked for, None for those that do not exist.

    Raises:
        ValueError: a job was written by another release and cannot be read.

    """
    views = _read(redis, job_ids)
    known = [view for view in views if view]
    held = {
        view.job_id: view.track.user
        for view in known
        if view.state is JobState.RECEIVED and view.position is None
    }
    following = {
        view.job_id: view.fields[JobField.LEADER]
        for view in known
        if view.state is JobState.FETCHING and JobField.LEADER in view.fields
    }
    positions = dict(zip(held, user_slots.positions(held.items()), strict=True)) if held else {}
    leaders = (
        dict(zip(following, _read(redis, following.values()), strict=True)) if following else {}
    )
    return [
        view
        and replace(view, user_position=positions.get(view.job_id), leader=leaders.get(view.job_id))
        for view in views
    ]


def _read(redis: Redis, job_ids: Iterable[str]) -> list[JobView | None]:
    ids = list(job_ids)
    with redis.pipeline(transaction=False) as pipe:
        for job_id in ids:
            pipe.hgetall(job_key(job_id))
            pipe.scard(completed_segments_key(job_id))
            pipe.zrank(WAITING_JOBS, job_id)
        replies: list[Any] = pipe.execute()
    return [
        _view(job_id, *replies[3 * i : 3 * i + 3]) if replies[3 * i] else None
        for i, job_id in enumerate(ids)
    ]


def _view(job_id: str, fields: dict[str, str], completed: int, position: int | None) -> JobView:
    status = fields.get(JobField.STATUS_MESSAGE_ID)
    code, _, message = fields.get(JobField.ERROR, "").partition("\n")
    plan = fields.get(JobField.PLAN)
    return JobView(
        job_id=job_id,
        track=Track.model_validate_json(fields[JobField.TRACK]),
        state=JobState(fields[JobField.STATE]),
        plan=Plan.model_validate_json(plan) if plan else None,
        segments_completed=completed,
        position=position,
        status_message_id=int(status) if status else None,
        error=GenrebotError(ErrorCode(code), message) if code else None,
        fields=fields,
    )
