"""Fourth step: predict every chunk, fold the verdict, and draw what led to it."""

import logging

from services.worker.app import app
from services.worker.once import CLIP, CLIP_SPAN, PICTURE, VERDICT, share
from services.worker.resources import Resources
from services.worker.runner import TransientError, step
from services.worker.tasks.convert import nearest_mark
from services.worker.tasks.featurize import load_features
from services.worker.uploads import upload
from shared.broker import Step
from shared.errors import GenrebotError
from shared.jobs import JobView
from shared.messages import JobMessage, Plan
from shared.music.clip import make_clip, strongest_span
from shared.music.constants import CHUNK_HOP, SAMPLE_RATE
from shared.music.picture import draw
from shared.music.slices import excerpt
from shared.music.verdict import Verdict
from shared.spool import BlobMissingError
from shared.stages import Stage

logger = logging.getLogger(__name__)


@step(app, Step.CLASSIFY, JobMessage)
def classify(own: Resources, message: JobMessage) -> None:
    """Make the verdict, the picture and the clip, and hand on to reply."""
    job_id = message.job_id
    plan = own.jobs.plan(job_id)
    if plan is None or not own.jobs.advance(job_id, Stage.CLASSIFYING):
        return
    view = own.jobs.view(job_id)
    assert view is not None, "advance() has just seen it"  # noqa: S101 - for the type checker
    features, tags, strip = load_features(own.spool, job_id, plan)
    verdict = own.model.verdict(features, tags, plan.spans(), duration_s=plan.duration_s)
    own.spool.put(job_id, PICTURE, draw(strip, verdict, title=view.track.label))
    if own.reply_settings.send_clip and plan.n_chunks > 1 and verdict.family == "music":
        clip = _clip(own, view, plan, verdict)
        if clip is not None:
            own.spool.put(job_id, CLIP, clip)
    own.spool.put(job_id, VERDICT, verdict.model_dump_json().encode())
    share(own, job_id, verdict, strip)
    own.flow.reply(job_id)


def _clip(own: Resources, view: JobView, plan: Plan, verdict: Verdict) -> bytes | None:
    """Make a clip of the strongest moment, whose audio is decoded again.

    Where the file cannot be had any more the verdict goes without: it has cost the work.
    """
    start_s, end_s = strongest_span(verdict)
    start, stop = round(start_s) * SAMPLE_RATE, round(end_s) * SAMPLE_RATE
    mark = nearest_mark(own.spool, view.job_id, start // (CHUNK_HOP * plan.segment_chunks))
    try:
        with upload(own, view) as file:
            samples = excerpt(file, mark, start, stop, max_duration_s=own.limits.max_duration)
    except (GenrebotError, BlobMissingError, TransientError) as error:
        logger.warning("job %s: no clip: %s", view.job_id, error)
        return None
    own.jobs.record(view.job_id, CLIP_SPAN, f"{start_s} {end_s}")
    return make_clip(samples)
