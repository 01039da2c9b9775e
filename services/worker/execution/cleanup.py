"""What is to be done once a job is over, in whichever way; doing it again changes nothing."""

from services.worker.context import WorkerContext


def settle(ctx: WorkerContext, job_id: str) -> None:
    """Empty the spool behind a job, let others have its file, and start its person's next."""
    # Here and not in the reply: a step may have been writing while another one ended the job.
    ctx.blobs.delete(job_id)
    ctx.cache.forget(job_id)
    view = ctx.jobs.view(job_id)
    if view is None:
        return
    files = [view.track.file_unique_id, view.fields.get("sha256")]
    ctx.single_flight.release(job_id, ctx.version, [file for file in files if file])
    wake(ctx, job_id)
    ctx.dispatcher.start(ctx.jobs.user_slots.admit(view.track.person))


def wake(ctx: WorkerContext, job_id: str) -> None:
    """Let a job's followers see for themselves: it has an answer, or never will have one."""
    followers = ctx.single_flight.followers(job_id)
    ctx.dispatcher.start(followers)
    ctx.single_flight.dismiss(job_id, followers)
