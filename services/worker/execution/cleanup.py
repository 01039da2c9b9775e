"""What to do once a job is over, in whichever way. Doing it again changes nothing."""

from services.worker.context import WorkerContext
from shared.store.keys import JobField


def finish(ctx: WorkerContext, job_id: str) -> None:
    """Delete a job's blobs, start the jobs that follow it, and start its user's next."""
    # After every task of a job that is over, not only after the reply: another task may still
    # have been writing when the reply ended the job.
    ctx.blobs.delete(job_id)
    ctx.uploads.forget(job_id)
    start_followers(ctx, job_id)
    view = ctx.jobs.view(job_id)
    if view is None:
        return
    files = [view.track.file_unique_id, view.fields.get(JobField.SHA256)]
    ctx.single_flight.release(job_id, ctx.version, [file for file in files if file])
    ctx.dispatcher.start(ctx.jobs.user_slots.admit(view.track.user))


def start_followers(ctx: WorkerContext, job_id: str) -> None:
    """Send the jobs that follow a job: it has a result, or never will have one."""
    followers = ctx.single_flight.followers(job_id)
    ctx.dispatcher.start(followers)
    ctx.single_flight.dismiss(job_id, followers)
