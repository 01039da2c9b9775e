"""What is to be done once a job is over, in whichever way; doing it again changes nothing."""

from services.worker.resources import Resources


def settle(own: Resources, job_id: str) -> None:
    """Empty the spool behind a job, and start the next of the same person."""
    # Here and not in the reply: a step may have been writing while another one ended the job.
    own.spool.delete(job_id)
    view = own.jobs.view(job_id)
    if view is not None:
        own.flow.start(own.jobs.turns.admit(view.track.person))
