"""Last step: turn the status message into the answer, and forget the audio."""

import logging

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile, InputMediaPhoto, Message, ReplyParameters

from services.worker.captions import clip_caption, error_text, verdict_caption
from services.worker.celery_app import app
from services.worker.context import WorkerContext
from services.worker.execution.deduplication import CLIP, CLIP_SPAN, PICTURE, VERDICT
from services.worker.execution.task_base import ANSWERED, TransientError, job_task
from services.worker.telegram import GoneError, call, is_unchanged
from shared.domain.job_state import JobState
from shared.music.model.verdict import Verdict
from shared.queue.celery_config import TaskName
from shared.queue.messages import JobMessage, Track
from shared.store.jobs import JobView

logger = logging.getLogger(__name__)

LOCK_WAIT_S = 30.0
"""Seconds to wait while the bot finishes an edit of the same message."""


@job_task(app, TaskName.REPLY, JobMessage)
def reply(ctx: WorkerContext, message: JobMessage) -> None:
    """Post the verdict, or the reason why there is none, and end the job.

    The runner empties the spool behind a job that is over.
    """
    job_id = message.job_id
    if not ctx.jobs.advance(job_id, JobState.REPLYING):
        return
    with ctx.jobs.status_lock(job_id, wait_s=LOCK_WAIT_S):
        # Read under the lock: the bot may just have posted, or another run have answered.
        view = ctx.jobs.view(job_id)
        if view is None or view.state.final:
            return
        try:
            _answer(ctx, view)
        except GoneError as gone:
            logger.info("job %s: nobody to answer: %s", job_id, gone)
        ctx.jobs.advance(job_id, JobState.FAILED if view.error else JobState.DONE)


def _answer(ctx: WorkerContext, view: JobView) -> None:
    if view.error is not None:
        text = error_text(view.error, view.track.label)
        _note(ctx, view, call(lambda bot: _post_text(bot, view, text)))
        return
    verdict = Verdict.model_validate_json(ctx.blobs.get(view.job_id, VERDICT))
    picture = ctx.blobs.get(view.job_id, PICTURE)
    caption = verdict_caption(verdict, view.track.label)
    _note(ctx, view, call(lambda bot: _post_picture(bot, view, picture, caption)))
    ctx.jobs.record(view.job_id, ANSWERED, "1")
    _send_clip(ctx, view, verdict)


def _note(ctx: WorkerContext, view: JobView, posted: int | None) -> None:
    """Remember a message that was sent new, so that a second run edits it."""
    if posted is not None:
        ctx.jobs.forget(view.job_id, "status_message_id")
        ctx.jobs.record(view.job_id, "status_message_id", str(posted))


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


def _send_clip(ctx: WorkerContext, view: JobView, verdict: Verdict) -> None:
    """Send the strongest moment; at most once, since nobody wants to hear it twice."""
    span = view.fields.get(CLIP_SPAN)
    if span is None or ctx.blobs.head(view.job_id, CLIP) is None:
        return
    if not ctx.jobs.record(view.job_id, "clip_sent", "1"):
        return
    start_s, end_s = map(float, span.split())
    clip = BufferedInputFile(ctx.blobs.get(view.job_id, CLIP), "clip.ogg")
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
        ctx.jobs.forget(view.job_id, "clip_sent")
        raise


def _to(track: Track) -> ReplyParameters:
    return ReplyParameters(message_id=track.message_id, allow_sending_without_reply=True)
