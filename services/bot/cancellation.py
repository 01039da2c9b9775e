"""Ends jobs early, and has workers clean up behind them."""

import logging
from collections.abc import Iterable

from celery import Celery

from services.bot.submission import UNAVAILABLE
from shared.domain.job_state import CancelReason
from shared.queue.sending import send_cleanup
from shared.store.jobs import JobStore

logger = logging.getLogger(__name__)


class JobCanceller:
    """Cancels jobs. Every method talks to Redis and may block.

    Args:
        jobs: Where the jobs' state is kept.
        queue: From ``broker_app``.

    """

    def __init__(self, jobs: JobStore, queue: Celery) -> None:
        self._jobs = jobs
        self._queue = queue

    def gone(self, job_id: str) -> None:
        """Cancel a job whose chat is closed to the bot, so that nobody would read its reply.

        Raises:
            redis.exceptions.RedisError: Redis does not answer.

        """
        if self._jobs.cancel(job_id, CancelReason.GONE):
            logger.info("Job %s is cancelled, as its chat is closed to the bot", job_id)
            self._clean_up([job_id])

    def forget(self, user: str) -> int:
        """Delete everything that is kept about a user; cancel the user's jobs first.

        Args:
            user: As ``Track.user`` names them.

        Returns:
            The number of jobs that were cancelled.

        Raises:
            redis.exceptions.RedisError: Redis does not answer.

        """
        cancelled = self._jobs.forget_user(user)
        self._clean_up(cancelled)
        return len(cancelled)

    def _clean_up(self, job_ids: Iterable[str]) -> None:
        for job_id in job_ids:
            try:
                send_cleanup(self._queue, job_id)
            except UNAVAILABLE as error:
                logger.warning("No cleanup of job %s is sent: %s", job_id, error)
