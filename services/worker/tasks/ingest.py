"""The first task: fetch the file, hash it, and read its header."""

from services.worker.celery_app import app
from services.worker.context import WorkerContext
from services.worker.execution.deduplication import reuse_or_join
from services.worker.execution.task_base import job_task
from services.worker.execution.uploads import fetch_upload, open_upload
from shared.domain.job_state import JobState
from shared.music.decoding.decoder import probe
from shared.queue.messages import JobMessage
from shared.queue.tasks import TaskName
from shared.store.keys import JobField


@job_task(app, TaskName.INGEST, JobMessage)
def ingest(ctx: WorkerContext, message: JobMessage) -> None:
    """Fetch the file, and send convert.

    A file with a cached result gets its reply at once, and one that another job works on waits for
    that job. If Telegram's id of the file is known, it is not even fetched.
    """
    job_id = message.job_id
    if not ctx.jobs.advance(job_id, JobState.FETCHING):
        return
    view = ctx.jobs.view(job_id)
    assert view is not None, "advance() has just seen it"  # noqa: S101 - for the type checker
    if reuse_or_join(ctx, view):
        return
    sha256 = fetch_upload(ctx, view)
    ctx.jobs.record(job_id, JobField.SHA256, sha256)
    if reuse_or_join(ctx, view, sha256):
        return
    with open_upload(ctx, view) as file:
        duration = probe(file).duration_s
    if duration is not None:
        ctx.jobs.set_length(job_id, min(duration, ctx.limits.max_duration))
    ctx.dispatcher.convert(job_id, duration)
