"""First step: fetch the file, hash it, and look whether it is music at all."""

from services.worker.app import app
from services.worker.once import spared
from services.worker.resources import Resources
from services.worker.runner import step
from services.worker.uploads import bring, upload
from shared.broker import Step
from shared.messages import JobMessage
from shared.music.decode import probe
from shared.stages import Stage


@step(app, Step.INGEST, JobMessage)
def ingest(own: Resources, message: JobMessage) -> None:
    """Have the file at hand, and hand on to convert.

    A file that was answered before is answered at once, and one that another job is at work on
    waits for that; known by Telegram's id it is not even fetched.
    """
    job_id = message.job_id
    if not own.jobs.advance(job_id, Stage.FETCHING):
        return
    view = own.jobs.view(job_id)
    assert view is not None, "advance() has just seen it"  # noqa: S101 - for the type checker
    if spared(own, view):
        return
    sha256 = bring(own, view)
    own.jobs.record(job_id, "sha256", sha256)
    if spared(own, view, sha256):
        return
    with upload(own, view) as file:
        duration = probe(file).duration_s
    own.flow.convert(job_id, duration)
