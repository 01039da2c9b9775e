"""What is to be done once a job is over, in whichever way; doing it again changes nothing."""

from services.worker.resources import Resources


def settle(own: Resources, job_id: str) -> None:
    """Empty the spool behind a job, let others have its file, and start its person's next."""
    # Here and not in the reply: a step may have been writing while another one ended the job.
    own.spool.delete(job_id)
    own.cache.forget(job_id)
    view = own.jobs.view(job_id)
    if view is None:
        return
    files = [view.track.file_unique_id, view.fields.get("sha256")]
    own.leads.release(job_id, own.version, [file for file in files if file])
    wake(own, job_id)
    own.flow.start(own.jobs.turns.admit(view.track.person))


def wake(own: Resources, job_id: str) -> None:
    """Let a job's followers see for themselves: it has an answer, or never will have one."""
    followers = own.leads.followers(job_id)
    own.flow.start(followers)
    own.leads.dismiss(job_id, followers)
