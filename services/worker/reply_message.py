"""The message that becomes the reply.

A reply must come exactly once, even if Telegram carries a call out and its answer gets lost. The
Bot API has neither idempotency keys nor a way to read a chat, so a message that may have been sent
cannot be looked for. Editing is the exception: editing a message again to the same content is
answered with "message is not modified". So a verdict is never sent. It is put into a message that
is there already, usually the status message; where there is none, a placeholder is sent first
(docs/decisions/0022-replies-at-most-once.md).
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile, InputMediaPhoto, ReplyParameters

from services.worker.telegram import Telegram
from shared.domain.track import Track
from shared.store.job_view import JobView
from shared.store.jobs import JobStore
from shared.store.keys import JobField
from shared.telegram.errors import ErrorKind, GoneError, classify

logger = logging.getLogger(__name__)

PLACEHOLDER: Final = "🎧 Done."
"""Stays behind, as a message of its own, if the answer to its sending gets lost."""

Edit = Callable[[Bot, int], Awaitable[object]]


class ReplyMessage:
    """Writes the reply to one job. To be used under the job's status lock only.

    Args:
        telegram: calls the Bot API.
        jobs: where the number of the message is recorded.
        view: the job.

    """

    def __init__(self, telegram: Telegram, jobs: JobStore, view: JobView) -> None:
        self._telegram = telegram
        self._jobs = jobs
        self._job_id = view.job_id
        self._track = view.track
        self._message_id = view.status_message_id

    def show_text(self, text: str) -> None:
        """Replace the message's content by a text.

        Raises:
            TransientError: try again later.
            GoneError: the chat takes no messages from the bot.

        """

        async def edit(bot: Bot, message_id: int) -> None:
            await bot.edit_message_text(text, chat_id=self._track.chat_id, message_id=message_id)

        try:
            self._edit(edit)
        except TelegramBadRequest as error:
            # Not even a plain text gets through.
            raise GoneError(str(error)) from error

    def show_picture(self, picture: bytes, caption: str) -> None:
        """Replace the message's content by a picture; by the caption alone in chats without media.

        Raises:
            TransientError: try again later.
            GoneError: the chat takes no messages from the bot.

        """
        photo = BufferedInputFile(picture, "genre.png")

        async def edit(bot: Bot, message_id: int) -> None:
            await bot.edit_message_media(
                InputMediaPhoto(media=photo, caption=caption),
                chat_id=self._track.chat_id,
                message_id=message_id,
            )

        try:
            self._edit(edit)
        except TelegramBadRequest as error:
            logger.info("job %s: no picture: %s", self._job_id, error)
            self.show_text(caption)

    def _edit(self, edit: Edit) -> None:
        """Edit the message, or a new one if it is lost."""
        if self._message_id is not None and self._edited(edit, self._message_id):
            return
        if not self._edited(edit, self._send_placeholder()):
            raise GoneError("every message is lost at once")

    def _edited(self, edit: Edit, message_id: int) -> bool:
        """Edit a message; return False if it is lost."""
        try:
            self._telegram.call(lambda bot: edit(bot, message_id))
        except TelegramBadRequest as error:
            kind = classify(error).kind
            if kind is ErrorKind.LOST:
                logger.info("job %s: message lost: %s", self._job_id, error)
                return False
            if kind is not ErrorKind.UNCHANGED:
                raise
        return True

    def _send_placeholder(self) -> int:
        outdated = self._message_id

        async def send(bot: Bot) -> int:
            if outdated is not None:
                await _remove(bot, self._track.chat_id, outdated)
            sent = await bot.send_message(
                self._track.chat_id, PLACEHOLDER, reply_parameters=reply_to(self._track)
            )
            return sent.message_id

        self._message_id = self._telegram.call(send)
        self._jobs.replace(self._job_id, JobField.STATUS_MESSAGE_ID, str(self._message_id))
        return self._message_id


def reply_to(track: Track) -> ReplyParameters:
    """Return the parameters that make a message a reply to the track, if that is still there."""
    return ReplyParameters(message_id=track.message_id, allow_sending_without_reply=True)


async def _remove(bot: Bot, chat_id: int, message_id: int) -> None:
    try:
        await bot.delete_message(chat_id, message_id)
    except TelegramBadRequest as error:
        logger.info("an outdated status message stays: %s", error)
