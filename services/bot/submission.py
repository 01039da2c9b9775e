"""Where a track enters the queue, however long the queue is away."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Final

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from services.bot.estimation.eta import Outlook, QueueEstimate
from shared.domain.job_state import JobState
from shared.domain.track import Track
from shared.queue.sending import send_ingest
from shared.settings import LimitSettings
from shared.store.jobs import JobStore
from shared.store.keys import JobField

logger = logging.getLogger(__name__)

FIRST_DELAY_S: Final = 0.5
LONGEST_DELAY_S: Final = 10.0

AWAY: Final = (RedisError, OperationalError, OSError)
"""What a server that is away, full or starting up raises: worth another try."""


class JobSubmitter:
    """UserSlots tracks into queued jobs.

    Args:
        jobs: where the state of a job lives.
        queue: from ``broker_app``.
        limits: what a person may send.
        on_job: called in the event loop with the id of each job that is in the queue.
        on_delay: called in the event loop once for a track that has to wait.

    """

    def __init__(  # noqa: PLR0913 - each is one thing it talks to
        self,
        jobs: JobStore,
        queue: Celery,
        limits: LimitSettings,
        *,
        on_job: Callable[[str], None],
        on_delay: Callable[[Track], None],
        first_delay_s: float = FIRST_DELAY_S,
    ) -> None:
        self._jobs = jobs
        self._queue = queue
        self._limits = limits
        self._outlook = Outlook(jobs.redis, jobs.settings)
        self._on_job = on_job
        self._on_delay = on_delay
        self._first_delay_s = first_delay_s

    async def submit(
        self, track: Track, *, status_message_id: int | None = None
    ) -> QueueEstimate | None:
        """Return once the track's job is in the queue; until then try again and again.

        Polling stands still in the meantime, which is meant: Telegram keeps what is not
        confirmed, also across a restart of the bot. A cancelled call leaves at worst a job
        that is noted but not sent; the update comes again and the job is sent then.

        Args:
            track: what was sent.
            status_message_id: a message of ours that is to become the job's status message.

        Returns:
            None, or where too much waits already what the track would have to expect; then it
            is not taken, and nothing of it is kept.

        """
        for attempt, delay_s in enumerate(self._delays(), start=1):
            try:
                crowd = await asyncio.to_thread(self._enqueue, track, status_message_id)
            except AWAY as error:
                logger.warning(
                    "Job %s is not in the queue yet (try %d): %s", track.job_id, attempt, error
                )
            else:
                if crowd is None:
                    self._on_job(track.job_id)
                return crowd
            if attempt == 1:
                self._on_delay(track)
            await asyncio.sleep(delay_s)
        raise AssertionError("the delays never end")

    def _enqueue(self, track: Track, status_message_id: int | None = None) -> QueueEstimate | None:
        """Note the job and send its first step, unless too much waits. Blocks.

        A job that is known and still stands at the start is sent again: the process that
        noted it may have died before it sent it. Twice in the queue does no harm, a worker
        that comes second finds the job moved on. A job that waits for earlier ones of the
        same person is sent by the worker that ends the last of them.
        """
        crowd = self._outlook.crowded(track)
        if crowd is not None:
            logger.info("Job %s is turned away: %.0f s", track.job_id, crowd.left_s)
            return crowd
        self._jobs.create(track)
        if status_message_id is not None:
            self._jobs.record(track.job_id, JobField.STATUS_MESSAGE_ID, str(status_message_id))
        view = self._jobs.view(track.job_id)
        if view is not None and (
            view.state is not JobState.RECEIVED or view.user_position is not None
        ):
            return None
        send_ingest(self._queue, track, self._limits)
        logger.info("Job %s is in the queue", track.job_id)
        return None

    def _delays(self) -> Iterator[float]:
        delay_s = self._first_delay_s
        while True:
            yield delay_s
            delay_s = min(delay_s * 2, LONGEST_DELAY_S)
