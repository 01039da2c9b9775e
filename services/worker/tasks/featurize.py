"""The third task, many in parallel: the features and tags of one segment."""

import io

import numpy as np
from numpy.typing import NDArray

from services.worker.celery_app import app
from services.worker.context import WorkerContext
from services.worker.execution.task_base import job_task
from services.worker.storage.artifacts import audio_name, features_name
from services.worker.storage.blob_store import BlobMissingError, BlobStore
from shared.domain.job_state import JobState
from shared.domain.plan import Plan
from shared.music.constants import CHUNK_HOP, CHUNK_SECONDS
from shared.music.decoding.pcm import from_pcm16
from shared.music.rendering.mel_preview import mel_preview, narrow
from shared.music.tagging.chunk_tags import chunk_tags
from shared.queue.messages import SegmentMessage
from shared.queue.tasks import TaskName


@job_task(app, TaskName.FEATURIZE, SegmentMessage)
def featurize(ctx: WorkerContext, message: SegmentMessage) -> None:
    """Compute a segment's features, send what follows, and delete its audio."""
    job_id, segment = message.job_id, message.segment
    plan = ctx.jobs.plan(job_id)
    if plan is None or not ctx.jobs.advance(job_id, JobState.FEATURIZING):
        return
    if not ctx.jobs.segment_progress.is_completed(job_id, segment):
        try:
            _featurize(ctx, job_id, plan, segment)
        except BlobMissingError:
            # Another run was faster and has deleted the audio.
            if not ctx.jobs.segment_progress.is_completed(job_id, segment):
                raise
    progress = ctx.jobs.segment_progress.complete_segment(job_id, segment)
    ctx.dispatcher.segment_completed(job_id, plan, progress)
    ctx.blobs.discard(job_id, audio_name(segment))


def _featurize(ctx: WorkerContext, job_id: str, plan: Plan, segment: int) -> None:
    pcm = ctx.blobs.get(job_id, audio_name(segment))
    samples = from_pcm16(pcm).reshape(-1, CHUNK_HOP)
    chunks, tags = [], []
    for chunk in samples:
        ctx.raise_if_over(job_id)
        chunks.append(ctx.analyse_chunk(chunk))
        tags.append(chunk_tags(ctx.tagger, chunk))
    features = np.stack([chunk.features for chunk in chunks])
    length_s = min(CHUNK_SECONDS, plan.duration_s)
    previews = [
        mel_preview(chunk.mel_db, plan.columns_per_chunk, length_s=length_s) for chunk in chunks
    ]
    packed, preview = io.BytesIO(), np.concatenate(previews, axis=1)
    np.savez(packed, features=features, tags=np.stack(tags), preview=preview)
    ctx.blobs.put(job_id, features_name(segment), packed.getvalue())
    ctx.cost_recorder.featurized(len(samples) * CHUNK_SECONDS)


def load_features(
    blobs: BlobStore, job_id: str, plan: Plan
) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.uint8]]:
    """Load and join the features of all segments.

    Returns:
        Features of shape (chunks, 57), tags of shape (chunks, 50) with rows of NaN where a
        chunk is silent, and the mel preview of shape (128, columns), no wider than the
        picture: a file may have understated its length.

    Raises:
        BlobMissingError: a segment has expired.

    """
    features, tags, previews = [], [], []
    for segment in range(plan.n_segments):
        with np.load(io.BytesIO(blobs.get(job_id, features_name(segment)))) as packed:
            features.append(packed["features"])
            tags.append(packed["tags"])
            previews.append(packed["preview"])
    preview = narrow(np.concatenate(previews, axis=1))
    return np.concatenate(features), np.concatenate(tags), preview
