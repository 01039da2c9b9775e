"""Fourth step: predict every chunk, fold the verdict, and draw what led to it."""

import logging

from services.worker.celery_app import app
from services.worker.context import WorkerContext
from services.worker.execution.deduplication import (
    CLIP,
    CLIP_SPAN,
    PICTURE,
    VERDICT,
    share,
)
from services.worker.execution.task_base import TransientError, job_task
from services.worker.storage.blob_store import BlobMissingError
from services.worker.storage.uploads import upload
from services.worker.tasks.convert import nearest_slice_end
from services.worker.tasks.featurize import load_features
from shared.domain.job_state import JobState
from shared.errors import GenrebotError
from shared.music.constants import CHUNK_HOP, SAMPLE_RATE
from shared.music.decoding.slices import excerpt
from shared.music.model.verdict import Verdict
from shared.music.rendering.clip import make_clip, strongest_span
from shared.music.rendering.figure import draw
from shared.queue.celery_config import TaskName
from shared.queue.messages import JobMessage, Plan
from shared.store.jobs import JobView

logger = logging.getLogger(__name__)


@job_task(app, TaskName.CLASSIFY, JobMessage)
def classify(ctx: WorkerContext, message: JobMessage) -> None:
    """Make the verdict, the picture and the clip, and hand on to reply."""
    job_id = message.job_id
    plan = ctx.jobs.plan(job_id)
    if plan is None or not ctx.jobs.advance(job_id, JobState.CLASSIFYING):
        return
    view = ctx.jobs.view(job_id)
    assert view is not None, "advance() has just seen it"  # noqa: S101 - for the type checker
    features, tags, preview = load_features(ctx.blobs, job_id, plan)
    verdict = ctx.model.verdict(features, tags, plan.spans(), duration_s=plan.duration_s)
    ctx.blobs.put(job_id, PICTURE, draw(preview, verdict, title=view.track.label))
    if ctx.reply_settings.send_clip and plan.n_chunks > 1 and verdict.family == "music":
        clip = _clip(ctx, view, plan, verdict)
        if clip is not None:
            ctx.blobs.put(job_id, CLIP, clip)
    ctx.blobs.put(job_id, VERDICT, verdict.model_dump_json().encode())
    share(ctx, job_id, verdict, preview)
    ctx.dispatcher.reply(job_id)


def _clip(ctx: WorkerContext, view: JobView, plan: Plan, verdict: Verdict) -> bytes | None:
    """Make a clip of the strongest moment, whose audio is decoded again.

    Where the file cannot be had any more the verdict goes without: it has cost the work.
    """
    start_s, end_s = strongest_span(verdict)
    start, stop = round(start_s) * SAMPLE_RATE, round(end_s) * SAMPLE_RATE
    slice_end = nearest_slice_end(
        ctx.blobs, view.job_id, start // (CHUNK_HOP * plan.segment_chunks)
    )
    try:
        with upload(ctx, view) as file:
            samples = excerpt(file, slice_end, start, stop, max_duration_s=ctx.limits.max_duration)
    except (GenrebotError, BlobMissingError, TransientError) as error:
        logger.warning("job %s: no clip: %s", view.job_id, error)
        return None
    ctx.jobs.record(view.job_id, CLIP_SPAN, f"{start_s} {end_s}")
    return make_clip(samples)
