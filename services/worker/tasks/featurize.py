"""Third step, in parallel: the features of one segment of many chunks."""

import io

import numpy as np
from numpy.typing import NDArray

from services.worker.app import app
from services.worker.resources import Resources
from services.worker.runner import step
from services.worker.tasks.convert import audio_name
from shared.broker import Step
from shared.messages import Plan, SegmentMessage
from shared.music.constants import CHUNK_HOP, CHUNK_SECONDS
from shared.music.features import analyse_chunk
from shared.music.pcm import from_pcm16
from shared.music.strip import mel_strip
from shared.spool import Spool
from shared.stages import Stage


@step(app, Step.FEATURIZE, SegmentMessage)
def featurize(own: Resources, message: SegmentMessage) -> None:
    """Compute a segment's features, then hand on: to the next segment, or to classify."""
    job_id, segment = message.job_id, message.segment
    plan = own.jobs.plan(job_id)
    if plan is None or not own.jobs.advance(job_id, Stage.FEATURIZING):
        return
    if not own.jobs.is_segment_done(job_id, segment):
        _featurize(own, job_id, plan, segment)
    done = own.jobs.segment_done(job_id, segment)
    own.flow.next_in_lane(job_id, plan, segment)
    if done == plan.n_segments:
        own.flow.classify(job_id, plan)


def _featurize(own: Resources, job_id: str, plan: Plan, segment: int) -> None:
    pcm = own.spool.get(job_id, audio_name(segment))
    chunks = [analyse_chunk(chunk) for chunk in from_pcm16(pcm).reshape(-1, CHUNK_HOP)]
    features = np.stack([chunk.features for chunk in chunks])
    length_s = min(CHUNK_SECONDS, plan.duration_s)
    strips = [
        mel_strip(chunk.mel_db, plan.columns_per_chunk, length_s=length_s) for chunk in chunks
    ]
    packed = io.BytesIO()
    np.savez(packed, features=features, strip=np.concatenate(strips, axis=1))
    own.spool.put(job_id, _features_name(segment), packed.getvalue())


def load_features(
    spool: Spool, job_id: str, plan: Plan
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Put the segments back together.

    Returns:
        Features of shape (chunks, 57) and the picture's mel strip of shape (128, columns).

    Raises:
        BlobMissingError: a segment has outlived its time.

    """
    features, strips = [], []
    for segment in range(plan.n_segments):
        with np.load(io.BytesIO(spool.get(job_id, _features_name(segment)))) as packed:
            features.append(packed["features"])
            strips.append(packed["strip"])
    return np.concatenate(features), np.concatenate(strips, axis=1)


def _features_name(segment: int) -> str:
    return f"features-{segment}"
