"""Fourth step: predict every chunk, fold the verdict, and draw what led to it."""

import numpy as np
from numpy.typing import NDArray

from services.worker.app import app
from services.worker.once import CLIP, CLIP_SPAN, PICTURE, VERDICT, share
from services.worker.resources import Resources
from services.worker.runner import step
from services.worker.tasks.convert import audio_name
from services.worker.tasks.featurize import load_features
from shared.broker import Step
from shared.messages import JobMessage, Plan
from shared.music.clip import make_clip, strongest_span
from shared.music.constants import CHUNK_HOP, CHUNK_SECONDS, SAMPLE_RATE
from shared.music.pcm import from_pcm16
from shared.music.picture import draw
from shared.music.verdict import Verdict
from shared.stages import Stage


@step(app, Step.CLASSIFY, JobMessage)
def classify(own: Resources, message: JobMessage) -> None:
    """Make the verdict, the picture and the clip, and hand on to reply."""
    job_id = message.job_id
    plan = own.jobs.plan(job_id)
    if plan is None or not own.jobs.advance(job_id, Stage.CLASSIFYING):
        return
    view = own.jobs.view(job_id)
    title = view.track.label if view else None
    features, strip = load_features(own.spool, job_id, plan)
    verdict = Verdict.of(
        own.model.predict(features),
        plan.spans(),
        duration_s=plan.duration_s,
        model=own.model.name,
    )
    own.spool.put(job_id, PICTURE, draw(strip, verdict, title=title))
    if own.reply_settings.send_clip and plan.n_chunks > 1:
        own.spool.put(job_id, CLIP, _clip(own, job_id, plan, verdict))
    own.spool.put(job_id, VERDICT, verdict.model_dump_json().encode())
    share(own, job_id, verdict, strip)
    own.flow.reply(job_id)


def _clip(own: Resources, job_id: str, plan: Plan, verdict: Verdict) -> bytes:
    start_s, end_s = strongest_span(verdict)
    own.jobs.record(job_id, CLIP_SPAN, f"{start_s} {end_s}")
    return make_clip(_audio(own, job_id, plan, round(start_s), round(end_s)))


def _audio(
    own: Resources, job_id: str, plan: Plan, start_s: int, end_s: int
) -> NDArray[np.float32]:
    """Samples of some whole chunks, from the segments that hold them."""
    seconds = plan.segment_chunks * CHUNK_SECONDS
    first, last = start_s // seconds, (end_s - 1) // seconds
    pcm = b"".join(own.spool.get(job_id, audio_name(i)) for i in range(first, last + 1))
    samples = from_pcm16(pcm)
    offset = (start_s - first * seconds) * SAMPLE_RATE
    return samples[offset : offset + (end_s - start_s) // CHUNK_SECONDS * CHUNK_HOP]
