"""Third step, in parallel: the features and tags of one segment of many chunks."""

import io

import numpy as np
from numpy.typing import NDArray

from services.worker.app import app
from services.worker.resources import Resources
from services.worker.runner import step
from services.worker.tasks.convert import audio_name
from shared.broker import Step
from shared.effort import effort_s
from shared.messages import Plan, SegmentMessage
from shared.music.constants import CHUNK_HOP, CHUNK_SECONDS
from shared.music.features import analyse_chunk
from shared.music.pcm import from_pcm16
from shared.music.strip import mel_strip, narrow
from shared.music.tags import ChunkTags
from shared.spool import BlobMissingError, Spool
from shared.stages import Stage


@step(app, Step.FEATURIZE, SegmentMessage)
def featurize(own: Resources, message: SegmentMessage) -> None:
    """Compute a segment's features, hand on, and throw its audio away."""
    job_id, segment = message.job_id, message.segment
    plan = own.jobs.plan(job_id)
    if plan is None or not own.jobs.advance(job_id, Stage.FEATURIZING):
        return
    if not own.jobs.cuts.is_segment_done(job_id, segment):
        try:
            _featurize(own, job_id, plan, segment)
        except BlobMissingError:
            # Another run has been faster and has thrown the audio away.
            if not own.jobs.cuts.is_segment_done(job_id, segment):
                raise
    own.flow.segment_done(job_id, plan, segment, own.jobs.cuts.segment_done(job_id, segment))
    own.spool.discard(job_id, audio_name(segment))


def _featurize(own: Resources, job_id: str, plan: Plan, segment: int) -> None:
    pcm = own.spool.get(job_id, audio_name(segment))
    samples = from_pcm16(pcm).reshape(-1, CHUNK_HOP)
    chunks = [analyse_chunk(chunk) for chunk in samples]
    features = np.stack([chunk.features for chunk in chunks])
    chunk_tags = ChunkTags(own.tagger, segment * plan.segment_chunks)
    tags = np.stack([chunk_tags.next(chunk) for chunk in samples])
    length_s = min(CHUNK_SECONDS, plan.duration_s)
    strips = [
        mel_strip(chunk.mel_db, plan.columns_per_chunk, length_s=length_s) for chunk in chunks
    ]
    packed = io.BytesIO()
    np.savez(packed, features=features, tags=tags, strip=np.concatenate(strips, axis=1))
    own.spool.put(job_id, _features_name(segment), packed.getvalue())
    start_s = segment * plan.segment_chunks * CHUNK_SECONDS
    own.meter.heard(effort_s(start_s + len(samples) * CHUNK_SECONDS) - effort_s(start_s))


def load_features(
    spool: Spool, job_id: str, plan: Plan
) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.uint8]]:
    """Put the segments back together.

    Returns:
        Features of shape (chunks, 57), tags of shape (chunks, 50) with rows of NaN where a
        chunk was not tagged, and the picture's mel strip of shape (128, columns), as wide as
        the picture shows at most: a file may have understated its length.

    Raises:
        BlobMissingError: a segment has outlived its time.

    """
    features, tags, strips = [], [], []
    for segment in range(plan.n_segments):
        with np.load(io.BytesIO(spool.get(job_id, _features_name(segment)))) as packed:
            features.append(packed["features"])
            tags.append(packed["tags"])
            strips.append(packed["strip"])
    strip = narrow(np.concatenate(strips, axis=1))
    return np.concatenate(features), np.concatenate(tags), strip


def _features_name(segment: int) -> str:
    return f"features-{segment}"
