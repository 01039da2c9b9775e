"""Deduplication: a file with a cached result is not processed again, nor is one twice at a time."""

import logging

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from redis.exceptions import RedisError

from services.worker.context import WorkerContext
from services.worker.execution.cleanup import start_followers
from services.worker.execution.errors import FILE_ERRORS
from services.worker.storage.artifacts import CLIP, PICTURE, VERDICT
from services.worker.storage.result_cache import CachedResult
from shared.errors import AudioError
from shared.music.constants import N_MELS
from shared.music.model.verdict import Verdict
from shared.music.rendering.figure import draw
from shared.store.job_view import JobView
from shared.store.keys import JobField

logger = logging.getLogger(__name__)


def cache_result(
    ctx: WorkerContext, job_id: str, verdict: Verdict, preview: NDArray[np.uint8]
) -> None:
    """Keep a job's result for whoever sends the same file, and start the jobs that wait for it.

    Args:
        ctx: what the tasks share.
        job_id: whose result; its clip, if any, is in the blob store.
        verdict: the verdict.
        preview: shape (128, columns), the mel preview that the picture was drawn from. The picture
            itself shows the title that the user gave, which must not be shown to others.

    """
    view = ctx.jobs.view(job_id)
    if view is None or JobField.SHA256 not in view.fields:
        return
    has_clip = ctx.blobs.head(job_id, CLIP) is not None
    result = CachedResult(
        verdict=verdict.model_dump_json().encode(),
        preview=preview.tobytes(),
        clip=ctx.blobs.get(job_id, CLIP) if has_clip else None,
        clip_span=view.fields.get(JobField.CLIP_SPAN) if has_clip else None,
    )
    unique_id = view.track.file_unique_id
    try:
        kept = ctx.result_cache.keep(
            view.fields[JobField.SHA256], result, [unique_id] if unique_id else []
        )
    except RedisError as error:
        logger.warning("the result of job %s is not cached: %s", job_id, error)
        return
    if kept:
        start_followers(ctx, job_id)


def reuse_or_join(ctx: WorkerContext, view: JobView, sha256: str | None = None) -> bool:
    """Reuse a cached result, or follow the job that works on the same file.

    Args:
        ctx: what the tasks share.
        view: the job.
        sha256: of the file's content, once it is known; until then Telegram's id is used.

    Returns:
        Whether the job needs no work of its own.

    Raises:
        AudioError: the job that this one followed has met this error, and so would this one.

    """
    _raise_error_of(view.leader)
    file = sha256 or view.track.file_unique_id
    if file is None:
        return False
    # The leader may have finished between a look that came too early and the claim: look twice.
    return (
        _reuse(ctx, view, sha256)
        or ctx.single_flight.claim(view.job_id, ctx.version, file) is not None
        or _reuse(ctx, view, sha256)
    )


def _raise_error_of(leader: JobView | None) -> None:
    error = leader.error if leader else None
    if error is not None and error.code in FILE_ERRORS:
        raise AudioError(error.code, error.message)


def _reuse(ctx: WorkerContext, view: JobView, sha256: str | None) -> bool:
    """Store a cached result as this job's own, under its own title, and send the reply."""
    unique_id = view.track.file_unique_id
    result = (
        ctx.result_cache.find(sha256, unique_id)
        if sha256
        else ctx.result_cache.find_file(unique_id or "")
    )
    if result is None:
        return False
    try:
        verdict = Verdict.model_validate_json(result.verdict)
    except ValidationError:
        logger.warning("a cached result is not understood and will be computed anew")
        return False
    job_id = view.job_id
    preview = np.frombuffer(result.preview, np.uint8).reshape(N_MELS, -1)
    ctx.blobs.put(job_id, PICTURE, draw(preview, verdict, title=view.track.label))
    if result.clip and result.clip_span:
        ctx.jobs.record(job_id, JobField.CLIP_SPAN, result.clip_span)
        ctx.blobs.put(job_id, CLIP, result.clip)
    ctx.blobs.put(job_id, VERDICT, result.verdict)
    logger.info("job %s reuses a cached result", job_id)
    start_followers(ctx, job_id)
    ctx.dispatcher.reply(job_id)
    return True
