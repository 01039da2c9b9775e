"""Jobs in various states."""

from shared.domain.job_state import JobState
from shared.domain.plan import Plan
from shared.store.jobs import JobStore
from shared.store.keys import JobField


def featurizing(jobs: JobStore, job_id: str, length_s: float, done: int) -> None:
    """Advance a job until ``done`` of its segments are featurized."""
    jobs.advance(job_id, JobState.FEATURIZING)
    plan = Plan.of(duration_s=length_s, n_chunks=round(length_s / 3), segment_chunks=10, columns=1)
    jobs.record(job_id, JobField.PLAN, plan.model_dump_json())
    for segment in range(done):
        jobs.segment_progress.complete_segment(job_id, segment)
