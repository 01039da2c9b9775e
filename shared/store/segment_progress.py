"""Segment progress: which segments of a track are committed (stored) and which are completed.

A track is decoded a slice at a time, not far ahead of its features. So two things finish in any
order: storing slices, and featurizing segments. Each is noted by one script that also sees what
the other has noted. Whichever finishes last triggers the next task, and nothing is sent twice.
"""

from typing import Final, NamedTuple, cast

from redis import Redis

from shared.domain.plan import Plan
from shared.music.constants import CHUNK_SECONDS
from shared.scheduling.policy import predecessors, segments_ahead, successor
from shared.settings import JobSettings
from shared.store.keys import JobField, completed_segments_key, job_key
from shared.store.lua_scripts import load_script

CHUNK_MS: Final = 1000 * CHUNK_SECONDS


class SliceCommitted(NamedTuple):
    """What to send after a slice was committed."""

    completed: int
    """Segments whose features are stored."""
    next_slice: bool
    """Whether to send the next slice."""
    ready: list[int]
    """Segments to send: those whose predecessor is completed or that have none."""


class SegmentCompleted(NamedTuple):
    """What to send after a segment was completed."""

    completed: int
    """Segments whose features are stored."""
    next_slice: bool
    """Whether to send the next slice."""
    committed: int
    """Segments that are stored."""
    all_committed: bool
    """Whether the end of the track is among them."""
    next_segment: int | None
    """The segment to send."""

    @property
    def is_last(self) -> bool:
        """Whether the features of all segments of the track are stored."""
        return self.all_committed and self.completed >= self.committed


class SegmentProgress:
    """Reads and changes the progress. Every method talks to Redis and may block.

    Args:
        redis: client whose values are text.
        settings: how many segments are in flight, and how far to decode ahead.

    """

    def __init__(self, redis: Redis, settings: JobSettings) -> None:
        self._redis = redis
        self._settings = settings
        self._commit = redis.register_script(load_script(__package__, "commit_slice"))
        self._complete = redis.register_script(load_script(__package__, "complete_segment"))

    def commit_slice(
        self, job_id: str, before: int, after: int, plan: Plan
    ) -> SliceCommitted | None:
        """Note that the segments from ``before`` up to ``after`` are stored.

        Until ``slice_sent`` is called, a convert task that runs again sends what follows.

        Args:
            job_id: whose.
            before: segments that were committed before.
            after: segments that are committed now.
            plan: how the track is divided, as far as is known; complete if these are the last.

        Returns:
            What to send; None if another run has committed the slice, or the job is unknown.

        """
        limit = self._settings.max_inflight_segments
        new = list(predecessors(before, after, limit))
        waiting = [(segment, previous) for segment, previous in new if previous is not None]
        reply = cast(
            "list[int]",
            self._commit(
                keys=[job_key(job_id), completed_segments_key(job_id)],
                args=[
                    job_id,
                    before,
                    after,
                    plan.model_dump_json(),
                    int(plan.complete),
                    segments_ahead(self._settings),
                    CHUNK_MS,
                    *(previous for _, previous in waiting),
                ],
            ),
        )
        if reply[0] < 0:
            return None
        completed, next_slice, *flags = reply
        ready = [segment for segment, previous in new if previous is None]
        ready += [segment for (segment, _), flag in zip(waiting, flags, strict=True) if flag]
        return SliceCommitted(completed, bool(next_slice), ready)

    def slice_sent(self, job_id: str) -> None:
        """Note that everything that follows from the last slice has been sent."""
        self._redis.hdel(job_key(job_id), JobField.UNSENT)

    def complete_segment(self, job_id: str, segment: int) -> SegmentCompleted:
        """Note that a segment's features are stored."""
        completed, next_slice, committed, all_committed = cast(
            "list[int]",
            self._complete(
                keys=[job_key(job_id), completed_segments_key(job_id)],
                args=[
                    job_id,
                    segment,
                    self._settings.job_ttl_s,
                    CHUNK_MS,
                    segments_ahead(self._settings),
                ],
            ),
        )
        return SegmentCompleted(
            completed,
            bool(next_slice),
            committed,
            bool(all_committed),
            successor(segment, committed, self._settings.max_inflight_segments),
        )

    def is_completed(self, job_id: str, segment: int) -> bool:
        """Return whether a segment's features are stored."""
        return bool(self._redis.sismember(completed_segments_key(job_id), str(segment)))
