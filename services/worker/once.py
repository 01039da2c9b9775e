"""Once is enough: a file that was answered is not heard again, nor is one twice at a time."""

import logging

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from redis.exceptions import RedisError

from services.worker.ending import wake
from services.worker.resources import Resources
from shared.archive import Answer
from shared.errors import AudioError, ErrorCode
from shared.jobs import JobView
from shared.music.constants import N_MELS
from shared.music.picture import draw
from shared.music.verdict import Verdict

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


def share(own: Resources, job_id: str, verdict: Verdict, strip: NDArray[np.uint8]) -> None:
    """Keep the answer to a job for whoever sends the same file, and wake those who have.

    Args:
        own: what the steps share.
        job_id: whose verdict, and whose clip if any, is in the spool already.
        verdict: what was found.
        strip: shape (128, columns), what the picture was drawn from. The picture itself bears
            a title, which is nobody else's business.

    """
    view = own.jobs.view(job_id)
    if view is None or "sha256" not in view.fields:
        return
    has_clip = own.spool.head(job_id, CLIP) is not None
    answer = Answer(
        verdict=verdict.model_dump_json().encode(),
        strip=strip.tobytes(),
        clip=own.spool.get(job_id, CLIP) if has_clip else None,
        clip_span=view.fields.get(CLIP_SPAN) if has_clip else None,
    )
    unique_id = view.track.file_unique_id
    try:
        kept = own.archive.keep(view.fields["sha256"], answer, [unique_id] if unique_id else [])
    except RedisError as error:
        logger.warning("the answer to job %s is not kept: %s", job_id, error)
        return
    if kept:
        wake(own, job_id)


def spared(own: Resources, view: JobView, sha256: str | None = None) -> bool:
    """Whether a job needs no work of its own: it is answered, or it follows another one.

    Args:
        own: what the steps share.
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
        _answered(own, view, sha256)
        or own.leads.claim(view.job_id, own.version, file) is not None
        or _answered(own, view, sha256)
    )


def _learn_from(leader: JobView | None) -> None:
    error = leader.error if leader else None
    if error is not None and error.code in OF_THE_FILE:
        raise AudioError(error.code, error.message)


def _answered(own: Resources, view: JobView, sha256: str | None) -> bool:
    """Put an answer that is kept into the spool, under this job's title, and have it told."""
    unique_id = view.track.file_unique_id
    answer = (
        own.archive.find(sha256, unique_id) if sha256 else own.archive.find_file(unique_id or "")
    )
    if answer is None:
        return False
    try:
        verdict = Verdict.model_validate_json(answer.verdict)
    except ValidationError:
        logger.warning("an answer is not understood and will be found anew")
        return False
    job_id = view.job_id
    strip = np.frombuffer(answer.strip, np.uint8).reshape(N_MELS, -1)
    own.spool.put(job_id, PICTURE, draw(strip, verdict, title=view.track.label))
    if answer.clip and answer.clip_span:
        own.jobs.record(job_id, CLIP_SPAN, answer.clip_span)
        own.spool.put(job_id, CLIP, answer.clip)
    own.spool.put(job_id, VERDICT, answer.verdict)
    logger.info("job %s is answered from what is kept", job_id)
    wake(own, job_id)
    own.flow.reply(job_id)
    return True
