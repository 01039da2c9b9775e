"""Jobs in various states."""

from shared.domain.job_state import JobState
from shared.queue.messages import Plan
from shared.store.jobs import JobStore


def featurizing(jobs: JobStore, job_id: str, length_s: float, done: int) -> None:
    """Advance a job until ``done`` of its segments are featurized."""
    jobs.advance(job_id, JobState.FEATURIZING)
    plan = Plan.of(duration_s=length_s, n_chunks=round(length_s / 3), segment_chunks=10, columns=1)
    jobs.record(job_id, "plan", plan.model_dump_json())
    for segment in range(done):
        jobs.segment_progress.segment_done(job_id, segment)
