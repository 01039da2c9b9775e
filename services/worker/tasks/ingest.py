"""First step: fetch the file, hash it, and look whether it is music at all."""

from services.worker.app import app
from services.worker.once import spared
from services.worker.resources import Resources
from services.worker.runner import step
from services.worker.telegram import fetch
from shared.broker import Step
from shared.jobs import JobView
from shared.messages import JobMessage
from shared.music.decode import probe
from shared.spool import Head
from shared.stages import Stage

UPLOAD = "upload"
"""The file as it was sent."""


@step(app, Step.INGEST, JobMessage)
def ingest(own: Resources, message: JobMessage) -> None:
    """Bring the file into the spool and hand on to convert.

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
    head = own.spool.head(job_id, UPLOAD) or _fetch(own, view)
    own.jobs.record(job_id, "sha256", head.sha256)
    if spared(own, view, head.sha256):
        return
    with own.spool.reader(job_id, UPLOAD) as upload:
        duration = probe(upload).duration_s
    own.flow.convert(job_id, duration)


def _fetch(own: Resources, view: JobView) -> Head:
    with own.spool.writer(view.job_id, UPLOAD) as writer:
        fetch(view.track.file_id, writer, own.limits.max_file_size)
        return writer.finish()
