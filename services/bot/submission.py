"""Puts tracks on the queue, and keeps trying while Redis is not available."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Final

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from services.bot.estimation.admission import Admission
from services.bot.estimation.eta import QueueEstimator
from services.bot.texts import Refusal
from services.bot.usage import UsageLimits
from shared.domain.job_state import JobState
from shared.domain.track import Track
from shared.queue.sending import send_ingest
from shared.settings import LimitSettings
from shared.store.jobs import JobStore
from shared.store.keys import JobField, job_key
from shared.store.user_slots import UserLineFullError

logger = logging.getLogger(__name__)

FIRST_DELAY_S: Final = 0.5
MAX_DELAY_S: Final = 10.0

UNAVAILABLE: Final = (RedisError, OperationalError, OSError)
"""Errors of a server that is away, full or starting up: worth another attempt."""


class JobSubmitter:
    """Turns tracks into jobs on the queue.

    Args:
        jobs: Where the jobs' state is kept.
        queue: From ``broker_app``.
        limits: What a user may send.
        on_job: Called in the event loop with the id of each job that was put on the queue.
        on_delay: Called in the event loop once for each track that has to wait for Redis.
        usage: How much a user may send; None for without limit.
        estimator: Estimates a track before it is refused; by default one of its own.
        first_delay_s: Seconds before the second attempt; doubled for each further one.

    """

    def __init__(  # noqa: PLR0913 - one argument for each collaborator
        self,
        jobs: JobStore,
        queue: Celery,
        limits: LimitSettings,
        *,
        on_job: Callable[[str], None],
        on_delay: Callable[[Track], None],
        usage: UsageLimits | None = None,
        estimator: QueueEstimator | None = None,
        first_delay_s: float = FIRST_DELAY_S,
    ) -> None:
        self._jobs = jobs
        self._queue = queue
        self._limits = limits
        self._admission = Admission(jobs, estimator or QueueEstimator(jobs.redis, jobs.settings))
        self._usage = usage
        self._on_job = on_job
        self._on_delay = on_delay
        self._first_delay_s = first_delay_s

    async def submit(self, track: Track, *, status_message_id: int | None = None) -> Refusal | None:
        """Return once the track's job is on the queue; try again until it is.

        Polling stands still in the meantime, on purpose: Telegram keeps updates that are not
        confirmed, also across a restart of the bot. A cancelled call leaves at worst a job that
        is stored but not sent; the update comes again, and the job is sent then.

        Args:
            track: What was sent.
            status_message_id: A message of the bot that is to become the status message.

        Returns:
            None if the track was accepted. Else why it was not: the limit that it would exceed, or
            the estimate that it would get, as the backlog is too long. Nothing of it is stored.

        """
        for attempt, delay_s in enumerate(self._delays(), start=1):
            try:
                refused = await asyncio.to_thread(self._enqueue, track, status_message_id)
            except UNAVAILABLE as error:
                logger.warning(
                    "Job %s is not on the queue yet (attempt %d): %s", track.job_id, attempt, error
                )
            else:
                if refused is None:
                    self._on_job(track.job_id)
                return refused
            if attempt == 1:
                self._on_delay(track)
            await asyncio.sleep(delay_s)
        raise AssertionError("the delays never end")

    def _enqueue(self, track: Track, status_message_id: int | None = None) -> Refusal | None:
        """Create the job and send its first task, unless the track is refused. Blocks.

        A known job that is still in its first state is sent again: the process that created it
        may have ended before it sent the task. A second message does no harm, as the worker
        that gets it finds that the job has moved on. A job that waits for earlier ones of its
        user is sent by the worker that ends the last of them.
        """
        if not self._jobs.redis.exists(job_key(track.job_id)):
            refused = self._refuse(track)
            if refused is not None:
                logger.info("Job %s is refused: %s", track.job_id, refused)
                return refused
        try:
            is_new = self._jobs.create(track)
        except UserLineFullError as full:
            logger.info("Job %s is refused: %s", track.job_id, full)
            return full
        if is_new and self._usage is not None:
            self._usage.count(track)
        if status_message_id is not None:
            self._jobs.record(track.job_id, JobField.STATUS_MESSAGE_ID, str(status_message_id))
        view = self._jobs.view(track.job_id)
        if view is not None and (
            view.state is not JobState.RECEIVED or view.user_position is not None
        ):
            return None
        send_ingest(self._queue, track, self._limits)
        logger.info("Job %s is on the queue", track.job_id)
        return None

    def _refuse(self, track: Track) -> Refusal | None:
        reached = self._usage.check(track) if self._usage is not None else None
        return reached or self._admission.check(track)

    def _delays(self) -> Iterator[float]:
        delay_s = self._first_delay_s
        while True:
            yield delay_s
            delay_s = min(delay_s * 2, MAX_DELAY_S)
