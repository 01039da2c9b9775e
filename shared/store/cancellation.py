"""Ends jobs early: cancelled by the user, or because nobody is left to reply to.

A cancelled job is over at once. Its slot, its place in the queue and its blobs are freed by the
script that cancels it. Its tasks find out when they start and between chunks, and stop. The rest
needs a worker: starting the jobs that follow it, and its user's next. A worker does so after any
task of a job that is over, so whoever cancels a job elsewhere sends one
(``queue.sending.send_cleanup``).
"""

import time
from typing import cast

from redis import Redis

from shared.domain.job_state import CancelReason, JobState
from shared.domain.track import Track
from shared.store.keys import (
    JobField,
    completed_segments_key,
    job_key,
    user_backlog_key,
    user_in_work_key,
    user_jobs_key,
    user_line_key,
)
from shared.store.lua_scripts import load_script


class Cancellation:
    """Cancels and forgets jobs. Every method talks to Redis and may block.

    Args:
        redis: client whose values are text.

    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._cancel = redis.register_script(load_script(__package__, "cancel_job"))

    def cancel(self, job_id: str, reason: CancelReason) -> bool:
        """End a job at once; False if it is over already or unknown."""
        cancelled = self._cancel(
            keys=[job_key(job_id)],
            args=[job_id, reason, JobState.FAILED, JobState.FAILED.rank, time.time()],
        )
        return bool(cancelled)

    def cancel_chat(self, user: str, chat_id: int, reason: CancelReason) -> list[str]:
        """Cancel all of a user's jobs from one chat; return the ids of those that were active."""
        return [
            job_id
            for job_id, track in self._jobs_of(user)
            if track.chat_id == chat_id and self.cancel(job_id, reason)
        ]

    def forget_user(self, user: str) -> list[str]:
        """Delete everything that is kept about a user; cancel the user's jobs first.

        Results that are kept for whoever sends the same file next stay: they say nothing about the
        user.

        Returns:
            The ids of the jobs that were active.

        """
        active = []
        for job_id, _ in self._jobs_of(user):
            if self.cancel(job_id, CancelReason.FORGOTTEN):
                active.append(job_id)
            # The set of followers stays: the cleanup of the job starts them.
            self._redis.delete(job_key(job_id), completed_segments_key(job_id))
        self._redis.delete(
            user_jobs_key(user),
            user_in_work_key(user),
            user_line_key(user),
            user_backlog_key(user),
        )
        return active

    def _jobs_of(self, user: str) -> list[tuple[str, Track]]:
        job_ids = cast("list[str]", self._redis.zrange(user_jobs_key(user), 0, -1))
        with self._redis.pipeline(transaction=False) as pipe:
            for job_id in job_ids:
                pipe.hget(job_key(job_id), JobField.TRACK)
            tracks = cast("list[str | None]", pipe.execute())
        return [
            (job_id, Track.model_validate_json(track))
            for job_id, track in zip(job_ids, tracks, strict=True)
            if track
        ]
