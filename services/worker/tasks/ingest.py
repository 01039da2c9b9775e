"""First step: fetch the file, hash it, and look whether it is music at all."""

from services.worker.celery_app import app
from services.worker.context import WorkerContext
from services.worker.execution.deduplication import spared
from services.worker.execution.task_base import job_task
from services.worker.storage.uploads import bring, upload
from shared.domain.job_state import JobState
from shared.music.decoding.decoder import probe
from shared.queue.celery_config import TaskName
from shared.queue.messages import JobMessage


@job_task(app, TaskName.INGEST, JobMessage)
def ingest(ctx: WorkerContext, message: JobMessage) -> None:
    """Have the file at hand, and hand on to convert.

    A file that was answered before is answered at once, and one that another job is at work on
    waits for that; known by Telegram's id it is not even fetched.
    """
    job_id = message.job_id
    if not ctx.jobs.advance(job_id, JobState.FETCHING):
        return
    view = ctx.jobs.view(job_id)
    assert view is not None, "advance() has just seen it"  # noqa: S101 - for the type checker
    if spared(ctx, view):
        return
    sha256 = bring(ctx, view)
    ctx.jobs.record(job_id, "sha256", sha256)
    if spared(ctx, view, sha256):
        return
    with upload(ctx, view) as file:
        duration = probe(file).duration_s
    ctx.dispatcher.convert(job_id, duration)
