"""The last task: turn the status message into the reply, and end the job."""

import logging
from typing import Final

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile

from services.worker.captions import clip_caption, error_text, verdict_caption
from services.worker.celery_app import app
from services.worker.context import WorkerContext
from services.worker.execution.cleanup import finish
from services.worker.execution.task_base import job_task
from services.worker.reply_message import ReplyMessage, reply_to
from services.worker.storage.artifacts import CLIP, PICTURE, VERDICT
from shared.domain.job_state import CancelReason, JobState
from shared.errors import TransientError
from shared.music.model.verdict import Verdict
from shared.queue.messages import JobMessage
from shared.queue.tasks import TaskName
from shared.store.job_view import JobView
from shared.store.keys import JobField
from shared.telegram.errors import GoneError

logger = logging.getLogger(__name__)

LOCK_WAIT_S: Final = 30.0
"""Seconds to wait while the bot finishes an edit of the same message."""


@job_task(app, TaskName.REPLY, JobMessage)
def reply(ctx: WorkerContext, message: JobMessage) -> None:
    """Tell the user the verdict, or the reason why there is none, and end the job."""
    job_id = message.job_id
    if not ctx.jobs.advance(job_id, JobState.REPLYING):
        return
    with ctx.jobs.status_lock(job_id, wait_s=LOCK_WAIT_S):
        # Read under the lock: the bot may just have sent the status message, or another run of
        # this task may have replied.
        view = ctx.jobs.view(job_id)
        if view is None or view.state.final:
            return
        try:
            _reply(ctx, view)
        except GoneError as gone:
            logger.info("job %s: nobody to reply to: %s", job_id, gone)
            _abandon(ctx, view)
            return
        ctx.jobs.advance(job_id, JobState.FAILED if view.error else JobState.DONE)


def _abandon(ctx: WorkerContext, view: JobView) -> None:
    """Cancel the job, and all others of the same user in the same chat, which is closed."""
    if ctx.jobs.fact(view.job_id, JobField.ANSWERED):  # only the clip was left
        ctx.jobs.advance(view.job_id, JobState.DONE)
    track = view.track
    for job_id in ctx.jobs.cancel_chat(track.user, track.chat_id, CancelReason.GONE):
        if job_id != view.job_id:  # this one is finished after its task
            finish(ctx, job_id)


def _reply(ctx: WorkerContext, view: JobView) -> None:
    message = ReplyMessage(ctx.telegram, ctx.jobs, view)
    if view.error is not None:
        message.show_text(error_text(view.error, view.track.label))
        return
    verdict = Verdict.model_validate_json(ctx.blobs.get(view.job_id, VERDICT))
    picture = ctx.blobs.get(view.job_id, PICTURE)
    message.show_picture(picture, verdict_caption(verdict, view.track.label))
    ctx.jobs.record(view.job_id, JobField.ANSWERED, "1")
    _send_clip(ctx, view, verdict)


def _send_clip(ctx: WorkerContext, view: JobView, verdict: Verdict) -> None:
    """Send the clip, if there is one, at most once: it is recorded as sent before it is sent."""
    span = view.fields.get(JobField.CLIP_SPAN)
    if span is None or ctx.blobs.head(view.job_id, CLIP) is None:
        return
    if not ctx.jobs.record(view.job_id, JobField.CLIP_SENT, "1"):
        return
    start_s, end_s = map(float, span.split())
    clip = BufferedInputFile(ctx.blobs.get(view.job_id, CLIP), "clip.ogg")
    caption = clip_caption(verdict, start_s, end_s)

    async def send(bot: Bot) -> None:
        await bot.send_voice(
            view.track.chat_id,
            clip,
            caption=caption,
            duration=round(end_s - start_s),
            reply_parameters=reply_to(view.track),
        )

    try:
        ctx.telegram.call(send)
    except TelegramBadRequest as error:
        # Users can forbid voice messages; the verdict is there all the same.
        logger.info("job %s: no clip: %s", view.job_id, error)
    except TransientError as error:
        if error.may_be_done:
            logger.info("job %s: the clip may be lost: %s", view.job_id, error)
            return
        ctx.jobs.forget(view.job_id, JobField.CLIP_SENT)
        raise
