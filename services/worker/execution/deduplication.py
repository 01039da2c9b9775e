"""Once is enough: a file that was answered is not heard again, nor is one twice at a time."""

import logging

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from redis.exceptions import RedisError

from services.worker.context import WorkerContext
from services.worker.execution.cleanup import wake
from services.worker.storage.result_cache import CachedResult
from shared.errors import AudioError, ErrorCode
from shared.music.constants import N_MELS
from shared.music.model.verdict import Verdict
from shared.music.rendering.figure import draw
from shared.store.jobs import JobView

logger = logging.getLogger(__name__)

VERDICT, PICTURE, CLIP = "verdict", "picture", "clip"
"""Names in the spool: JSON, PNG, and OGG/Opus."""
CLIP_SPAN = "clip_span"
"""The fact that tells the clip's start and end in seconds."""

OF_THE_FILE = frozenset(ErrorCode) - {
    ErrorCode.NOT_FOUND,
    ErrorCode.UNAVAILABLE,
    ErrorCode.CRASHED,
    ErrorCode.INTERNAL,
}
"""Errors that the same file would meet again; the others may be ours, or have passed."""


def share(ctx: WorkerContext, job_id: str, verdict: Verdict, preview: NDArray[np.uint8]) -> None:
    """Keep the answer to a job for whoever sends the same file, and wake those who have.

    Args:
        ctx: what the steps share.
        job_id: whose verdict, and whose clip if any, is in the spool already.
        verdict: what was found.
        preview: shape (128, columns), what the picture was drawn from. The picture itself bears
            a title, which is nobody else's business.

    """
    view = ctx.jobs.view(job_id)
    if view is None or "sha256" not in view.fields:
        return
    has_clip = ctx.blobs.head(job_id, CLIP) is not None
    answer = CachedResult(
        verdict=verdict.model_dump_json().encode(),
        preview=preview.tobytes(),
        clip=ctx.blobs.get(job_id, CLIP) if has_clip else None,
        clip_span=view.fields.get(CLIP_SPAN) if has_clip else None,
    )
    unique_id = view.track.file_unique_id
    try:
        kept = ctx.result_cache.keep(
            view.fields["sha256"], answer, [unique_id] if unique_id else []
        )
    except RedisError as error:
        logger.warning("the answer to job %s is not kept: %s", job_id, error)
        return
    if kept:
        wake(ctx, job_id)


def spared(ctx: WorkerContext, view: JobView, sha256: str | None = None) -> bool:
    """Whether a job needs no work of its own: it is answered, or it follows another one.

    Args:
        ctx: what the steps share.
        view: the job.
        sha256: of the file's content, once it is known; else Telegram's id has to do.

    Raises:
        AudioError: the job that was followed has met this error, and so would this one.

    """
    _learn_from(view.leader)
    file = sha256 or view.track.file_unique_id
    if file is None:
        return False
    # Who led until now may have finished between a look that came too early and the claim.
    return (
        _answered(ctx, view, sha256)
        or ctx.single_flight.claim(view.job_id, ctx.version, file) is not None
        or _answered(ctx, view, sha256)
    )


def _learn_from(leader: JobView | None) -> None:
    error = leader.error if leader else None
    if error is not None and error.code in OF_THE_FILE:
        raise AudioError(error.code, error.message)


def _answered(ctx: WorkerContext, view: JobView, sha256: str | None) -> bool:
    """Put an answer that is kept into the spool, under this job's title, and have it told."""
    unique_id = view.track.file_unique_id
    answer = (
        ctx.result_cache.find(sha256, unique_id)
        if sha256
        else ctx.result_cache.find_file(unique_id or "")
    )
    if answer is None:
        return False
    try:
        verdict = Verdict.model_validate_json(answer.verdict)
    except ValidationError:
        logger.warning("an answer is not understood and will be found anew")
        return False
    job_id = view.job_id
    preview = np.frombuffer(answer.preview, np.uint8).reshape(N_MELS, -1)
    ctx.blobs.put(job_id, PICTURE, draw(preview, verdict, title=view.track.label))
    if answer.clip and answer.clip_span:
        ctx.jobs.record(job_id, CLIP_SPAN, answer.clip_span)
        ctx.blobs.put(job_id, CLIP, answer.clip)
    ctx.blobs.put(job_id, VERDICT, answer.verdict)
    logger.info("job %s is answered from what is kept", job_id)
    wake(ctx, job_id)
    ctx.dispatcher.reply(job_id)
    return True
