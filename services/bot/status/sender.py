"""Sends or edits one status message: under its lock, with the job read anew."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import ReplyParameters
from redis.exceptions import LockError, RedisError

from services.bot.estimation.eta import QueueEstimate
from services.bot.status.view import over, render
from shared.store.job_view import JobView
from shared.store.jobs import JobStore
from shared.store.keys import JobField
from shared.telegram.errors import API_ERRORS, ErrorKind, classify, describe

logger = logging.getLogger(__name__)

REQUEST_TIMEOUT_S: Final = 10
"""Seconds for one request; a worker's reply may be waiting for the lock meanwhile."""
NETWORK_PAUSE_S: Final = 3.0
"""Seconds that a chat gets no message after the network failed."""


class SendOutcome(Enum):
    """How the sending of a status went."""

    SHOWN = auto()
    """The message shows the text."""
    SKIPPED = auto()
    """The lock is taken, or the message belongs to the reply by now."""
    LATER = auto()
    """Telegram or the network asks for a pause."""
    REFUSED = auto()
    """Telegram refuses this message for good, as when it was deleted."""
    GONE = auto()
    """The chat is closed to the bot, as when the user blocked it: nobody will read the reply."""


@dataclass(frozen=True)
class SendResult:
    """The result of one delivery."""

    outcome: SendOutcome
    text: str = ""
    pause_s: float = 0.0


class StatusSender:
    """Sends and edits status messages.

    Args:
        bot: Sends the messages.
        jobs: Where states and locks are kept.

    """

    def __init__(self, bot: Bot, jobs: JobStore) -> None:
        self._bot = bot
        self._jobs = jobs
        self._unrecorded: dict[str, int] = {}

    async def deliver(self, job_id: str, estimate: QueueEstimate | None = None) -> SendResult:
        """Bring the status message of a job up to date.

        Args:
            job_id: Which job.
            estimate: Its estimate, if there is one.

        Raises:
            redis.exceptions.RedisError: The state cannot be read or written.

        """
        try:
            async with self._claim(job_id) as view:
                if view is None or over(view):
                    return SendResult(SendOutcome.SKIPPED)
                return await self._write(view, estimate)
        except LockError:
            return SendResult(SendOutcome.SKIPPED)

    def forget(self, job_id: str) -> None:
        """Forget the message of a job that is over."""
        self._unrecorded.pop(job_id, None)

    @asynccontextmanager
    async def _claim(self, job_id: str) -> AsyncIterator[JobView | None]:
        """Hold a job's status lock, and yield the job as it is once the lock is held.

        Raises:
            redis.exceptions.LockError: Another process holds the lock.

        """
        lock = self._jobs.status_lock(job_id, wait_s=0)
        entering = asyncio.ensure_future(asyncio.to_thread(lock.__enter__))
        try:
            await asyncio.shield(entering)
        except asyncio.CancelledError:
            # The thread goes on and may get the lock: wait for it, and release the lock.
            await asyncio.wait([entering])
            if entering.exception() is None:
                await _release(lock)
            raise
        try:
            yield await asyncio.to_thread(self._jobs.view, job_id)
        finally:
            await _release(lock)

    async def _write(self, view: JobView, estimate: QueueEstimate | None) -> SendResult:
        text = render(view, estimate)
        try:
            message_id = view.status_message_id or self._unrecorded.get(view.job_id)
            if message_id is None:
                message_id = await self._send(view, text)
            else:
                await self._edit(view, message_id, text)
        except API_ERRORS as error:
            return _failed(view.job_id, error)
        if view.status_message_id is None:
            await self._record(view.job_id, message_id)
        return SendResult(SendOutcome.SHOWN, text=text)

    async def _send(self, view: JobView, text: str) -> int:
        track = view.track
        sent = await self._bot.send_message(
            track.chat_id,
            text,
            reply_parameters=ReplyParameters(message_id=track.message_id),
            request_timeout=REQUEST_TIMEOUT_S,
        )
        return sent.message_id

    async def _edit(self, view: JobView, message_id: int, text: str) -> None:
        try:
            await self._bot.edit_message_text(
                text,
                chat_id=view.track.chat_id,
                message_id=message_id,
                request_timeout=REQUEST_TIMEOUT_S,
            )
        except TelegramBadRequest as error:
            if classify(error).kind is not ErrorKind.UNCHANGED:
                raise

    async def _record(self, job_id: str, message_id: int) -> None:
        """Store the message's id; it is remembered here while Redis is not available."""
        self._unrecorded[job_id] = message_id
        await asyncio.to_thread(
            self._jobs.record, job_id, JobField.STATUS_MESSAGE_ID, str(message_id)
        )
        self._unrecorded.pop(job_id, None)


def _failed(job_id: str, error: BaseException) -> SendResult:
    """Say what follows from a request that failed."""
    failure = classify(error)
    if failure.kind is ErrorKind.RETRY:
        logger.info("The status of job %s is sent later: %s", job_id, describe(error))
        pause_s = NETWORK_PAUSE_S if failure.pause_s is None else failure.pause_s
        return SendResult(SendOutcome.LATER, pause_s=pause_s)
    logger.info("The status of job %s is not shown any more: %s", job_id, describe(error))
    is_gone = failure.kind is ErrorKind.GONE
    return SendResult(SendOutcome.GONE if is_gone else SendOutcome.REFUSED)


async def _release(lock: AbstractContextManager[object]) -> None:
    try:
        await asyncio.to_thread(lock.__exit__, None, None, None)
    except RedisError as error:
        logger.info("A status lock was not released and will expire: %s", error)
