"""Third step, in parallel: the features and tags of one segment of many chunks."""

import io

import numpy as np
from numpy.typing import NDArray

from services.worker.celery_app import app
from services.worker.context import WorkerContext
from services.worker.execution.task_base import job_task
from services.worker.storage.blob_store import BlobMissingError, BlobStore
from services.worker.tasks.convert import audio_name
from shared.domain.job_state import JobState
from shared.music.constants import CHUNK_HOP, CHUNK_SECONDS
from shared.music.decoding.pcm import from_pcm16
from shared.music.rendering.mel_preview import mel_preview, narrow
from shared.music.tagging.chunk_tags import chunk_tags
from shared.queue.celery_config import TaskName
from shared.queue.messages import Plan, SegmentMessage


@job_task(app, TaskName.FEATURIZE, SegmentMessage)
def featurize(ctx: WorkerContext, message: SegmentMessage) -> None:
    """Compute a segment's features, hand on, and throw its audio away."""
    job_id, segment = message.job_id, message.segment
    plan = ctx.jobs.plan(job_id)
    if plan is None or not ctx.jobs.advance(job_id, JobState.FEATURIZING):
        return
    if not ctx.jobs.segment_progress.is_segment_done(job_id, segment):
        try:
            _featurize(ctx, job_id, plan, segment)
        except BlobMissingError:
            # Another run has been faster and has thrown the audio away.
            if not ctx.jobs.segment_progress.is_segment_done(job_id, segment):
                raise
    ctx.dispatcher.segment_done(
        job_id, plan, segment, ctx.jobs.segment_progress.segment_done(job_id, segment)
    )
    ctx.blobs.discard(job_id, audio_name(segment))


def _featurize(ctx: WorkerContext, job_id: str, plan: Plan, segment: int) -> None:
    pcm = ctx.blobs.get(job_id, audio_name(segment))
    samples = from_pcm16(pcm).reshape(-1, CHUNK_HOP)
    chunks = [ctx.analyse_chunk(chunk) for chunk in samples]
    features = np.stack([chunk.features for chunk in chunks])
    tags = np.stack([chunk_tags(ctx.tagger, chunk) for chunk in samples])
    length_s = min(CHUNK_SECONDS, plan.duration_s)
    previews = [
        mel_preview(chunk.mel_db, plan.columns_per_chunk, length_s=length_s) for chunk in chunks
    ]
    packed = io.BytesIO()
    np.savez(packed, features=features, tags=tags, preview=np.concatenate(previews, axis=1))
    ctx.blobs.put(job_id, _features_name(segment), packed.getvalue())
    ctx.meter.heard(len(samples) * CHUNK_SECONDS)


def load_features(
    blobs: BlobStore, job_id: str, plan: Plan
) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.uint8]]:
    """Put the segments back together.

    Returns:
        Features of shape (chunks, 57), tags of shape (chunks, 50) with rows of NaN where a
        chunk is silent, and the mel preview of shape (128, columns), as wide as
        the picture shows at most: a file may have understated its length.

    Raises:
        BlobMissingError: a segment has outlived its time.

    """
    features, tags, previews = [], [], []
    for segment in range(plan.n_segments):
        with np.load(io.BytesIO(blobs.get(job_id, _features_name(segment)))) as packed:
            features.append(packed["features"])
            tags.append(packed["tags"])
            previews.append(packed["preview"])
    preview = narrow(np.concatenate(previews, axis=1))
    return np.concatenate(features), np.concatenate(tags), preview


def _features_name(segment: int) -> str:
    return f"features-{segment}"
