"""The fourth task: classify the track, draw the picture, and cut the clip."""

import logging

from services.worker.celery_app import app
from services.worker.context import WorkerContext
from services.worker.execution.deduplication import cache_result
from services.worker.execution.task_base import job_task
from services.worker.execution.uploads import open_upload
from services.worker.storage.artifacts import CLIP, PICTURE, VERDICT
from services.worker.storage.blob_store import BlobMissingError
from services.worker.tasks.convert import nearest_slice_end
from services.worker.tasks.featurize import load_features
from shared.domain.job_state import JobState
from shared.domain.plan import Plan
from shared.errors import GenrebotError, TransientError
from shared.music.constants import CHUNK_HOP, CHUNK_SECONDS, SAMPLE_RATE
from shared.music.decoding.slices import excerpt
from shared.music.model.verdict import Verdict
from shared.music.rendering.clip import make_clip, strongest_span
from shared.music.rendering.figure import draw
from shared.queue.messages import JobMessage
from shared.queue.tasks import TaskName
from shared.store.job_view import JobView
from shared.store.keys import JobField

logger = logging.getLogger(__name__)


@job_task(app, TaskName.CLASSIFY, JobMessage)
def classify(ctx: WorkerContext, message: JobMessage) -> None:
    """Make the verdict, the picture and the clip, and send reply."""
    job_id = message.job_id
    plan = ctx.jobs.plan(job_id)
    if plan is None or not ctx.jobs.advance(job_id, JobState.CLASSIFYING):
        return
    view = ctx.jobs.view(job_id)
    assert view is not None, "advance() has just seen it"  # noqa: S101 - for the type checker
    features, tags, preview = load_features(ctx.blobs, job_id, plan)
    verdict = ctx.model.verdict(features, tags, chunk_spans(plan), duration_s=plan.duration_s)
    ctx.raise_if_over(job_id)
    ctx.blobs.put(job_id, PICTURE, draw(preview, verdict, title=view.track.label))
    ctx.raise_if_over(job_id)
    if ctx.reply_settings.send_clip and plan.n_chunks > 1 and verdict.family == "music":
        clip = _clip(ctx, view, plan, verdict)
        if clip is not None:
            ctx.blobs.put(job_id, CLIP, clip)
    ctx.blobs.put(job_id, VERDICT, verdict.model_dump_json().encode())
    cache_result(ctx, job_id, verdict, preview)
    ctx.dispatcher.reply(job_id)


def chunk_spans(plan: Plan) -> list[tuple[float, float]]:
    """Return start and end of every chunk, in seconds.

    A track shorter than one chunk is repeated to fill it; its only chunk ends where the track does.
    """
    if plan.duration_s < CHUNK_SECONDS:
        return [(0.0, plan.duration_s)]
    starts = (float(k * CHUNK_SECONDS) for k in range(plan.n_chunks))
    return [(start, start + CHUNK_SECONDS) for start in starts]


def _clip(ctx: WorkerContext, view: JobView, plan: Plan, verdict: Verdict) -> bytes | None:
    """Decode the strongest moment again and encode it.

    Returns None if the file cannot be fetched any more: the verdict is worth sending without.
    """
    start_s, end_s = strongest_span(verdict)
    start, stop = round(start_s) * SAMPLE_RATE, round(end_s) * SAMPLE_RATE
    resume = nearest_slice_end(ctx.blobs, view.job_id, start // (CHUNK_HOP * plan.segment_chunks))
    try:
        with open_upload(ctx, view) as file:
            samples = excerpt(file, resume, start, stop, max_duration_s=ctx.limits.max_duration)
    except (GenrebotError, BlobMissingError, TransientError) as error:
        logger.warning("job %s: no clip: %s", view.job_id, error)
        return None
    ctx.jobs.record(view.job_id, JobField.CLIP_SPAN, f"{start_s} {end_s}")
    return make_clip(samples)
