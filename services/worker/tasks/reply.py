"""Last step: turn the status message into the answer, and forget the audio."""

import logging

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile, InputMediaPhoto, Message, ReplyParameters

from services.worker.app import app
from services.worker.caption import clip_caption, error_text, verdict_caption
from services.worker.once import CLIP, CLIP_SPAN, PICTURE, VERDICT
from services.worker.resources import Resources
from services.worker.runner import ANSWERED, TransientError, step
from services.worker.telegram import GoneError, call, is_unchanged
from shared.broker import Step
from shared.jobs import JobView
from shared.messages import JobMessage, Track
from shared.music.verdict import Verdict
from shared.stages import Stage

logger = logging.getLogger(__name__)

LOCK_WAIT_S = 30.0
"""Seconds to wait while the bot finishes an edit of the same message."""


@step(app, Step.REPLY, JobMessage)
def reply(own: Resources, message: JobMessage) -> None:
    """Post the verdict, or the reason why there is none, and end the job.

    The runner empties the spool behind a job that is over.
    """
    job_id = message.job_id
    if not own.jobs.advance(job_id, Stage.REPLYING):
        return
    with own.jobs.status_lock(job_id, wait_s=LOCK_WAIT_S):
        # Read under the lock: the bot may just have posted, or another run have answered.
        view = own.jobs.view(job_id)
        if view is None or view.stage.final:
            return
        try:
            _answer(own, view)
        except GoneError as gone:
            logger.info("job %s: nobody to answer: %s", job_id, gone)
        own.jobs.advance(job_id, Stage.FAILED if view.error else Stage.DONE)


def _answer(own: Resources, view: JobView) -> None:
    if view.error is not None:
        text = error_text(view.error, view.track.label)
        _note(own, view, call(lambda bot: _post_text(bot, view, text)))
        return
    verdict = Verdict.model_validate_json(own.spool.get(view.job_id, VERDICT))
    picture = own.spool.get(view.job_id, PICTURE)
    caption = verdict_caption(verdict, view.track.label)
    _note(own, view, call(lambda bot: _post_picture(bot, view, picture, caption)))
    own.jobs.record(view.job_id, ANSWERED, "1")
    _send_clip(own, view, verdict)


def _note(own: Resources, view: JobView, posted: int | None) -> None:
    """Remember a message that was sent new, so that a second run edits it."""
    if posted is not None:
        own.jobs.forget(view.job_id, "status_message_id")
        own.jobs.record(view.job_id, "status_message_id", str(posted))


async def _post_text(bot: Bot, view: JobView, text: str) -> int | None:
    chat = view.track.chat_id
    if view.status_message_id is not None:
        try:
            await bot.edit_message_text(text, chat_id=chat, message_id=view.status_message_id)
        except TelegramBadRequest as error:
            if not is_unchanged(error):
                logger.info("job %s: status message lost: %s", view.job_id, error)
                return await _new(bot, view, text)
        return None
    return await _new(bot, view, text)


async def _new(bot: Bot, view: JobView, text: str) -> int:
    try:
        sent = await bot.send_message(view.track.chat_id, text, reply_parameters=_to(view.track))
    except TelegramBadRequest as error:
        # Not even a plain text gets through: the chat is gone, or we may not write there.
        raise GoneError(str(error)) from error
    return sent.message_id


async def _post_picture(bot: Bot, view: JobView, picture: bytes, caption: str) -> int | None:
    """Put the picture into the status message; where that is gone, send it anew.

    A group may forbid pictures: then the words go alone.
    """
    chat, status = view.track.chat_id, view.status_message_id
    photo = BufferedInputFile(picture, "genre.png")
    if status is not None and await _edited(bot, view, photo, caption):
        return None
    try:
        sent: Message = await bot.send_photo(
            chat, photo, caption=caption, reply_parameters=_to(view.track)
        )
    except TelegramBadRequest as error:
        logger.info("job %s: no picture: %s", view.job_id, error)
        return await _post_text(bot, view, caption)
    if status is not None:
        await _remove(bot, chat, status)
    return sent.message_id


async def _edited(bot: Bot, view: JobView, photo: BufferedInputFile, caption: str) -> bool:
    media = InputMediaPhoto(media=photo, caption=caption)
    try:
        await bot.edit_message_media(
            media, chat_id=view.track.chat_id, message_id=view.status_message_id
        )
    except TelegramBadRequest as error:
        if not is_unchanged(error):
            logger.info("job %s: status message not editable: %s", view.job_id, error)
            return False
    return True


async def _remove(bot: Bot, chat_id: int, message_id: int) -> None:
    try:
        await bot.delete_message(chat_id, message_id)
    except TelegramBadRequest as error:
        logger.info("an outdated status message stays: %s", error)


def _send_clip(own: Resources, view: JobView, verdict: Verdict) -> None:
    """Send the strongest moment; at most once, since nobody wants to hear it twice."""
    span = view.fields.get(CLIP_SPAN)
    if span is None or own.spool.head(view.job_id, CLIP) is None:
        return
    if not own.jobs.record(view.job_id, "clip_sent", "1"):
        return
    start_s, end_s = map(float, span.split())
    clip = BufferedInputFile(own.spool.get(view.job_id, CLIP), "clip.ogg")
    caption = clip_caption(verdict, start_s, end_s)

    async def post(bot: Bot) -> None:
        await bot.send_voice(
            view.track.chat_id,
            clip,
            caption=caption,
            duration=round(end_s - start_s),
            reply_parameters=_to(view.track),
        )

    try:
        call(post)
    except TelegramBadRequest as error:
        # Voice messages can be forbidden by the person; the verdict is there all the same.
        logger.info("job %s: no clip: %s", view.job_id, error)
    except TransientError as error:
        if error.pause_s is None:  # it may have arrived before the line went dead
            logger.info("job %s: clip perhaps lost: %s", view.job_id, error)
            return
        own.jobs.forget(view.job_id, "clip_sent")
        raise


def _to(track: Track) -> ReplyParameters:
    return ReplyParameters(message_id=track.message_id, allow_sending_without_reply=True)
