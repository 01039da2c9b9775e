"""Estimates: the time of every job, from one snapshot."""

import time

import pytest

from services.bot.estimation import eta
from services.bot.estimation.eta import QueueEstimate, QueueEstimator
from shared.domain.job_state import JobState
from shared.errors import AudioError, ErrorCode
from shared.store.jobs import JobStore
from shared.store.keys import JobField, job_key
from shared.store.throughput import Speed, WorkerRegistration
from tests.services.bot.estimation.states import featurizing
from tests.shared.samples import received


@pytest.fixture
def estimator(jobs: JobStore) -> QueueEstimator:
    """An estimator of all jobs."""
    return QueueEstimator(jobs.redis, jobs.settings)


def _register(jobs: JobStore, processes: int = 1) -> None:
    WorkerRegistration("w", processes, "v1").announce(jobs.redis)


def _fresh(jobs: JobStore) -> dict[str, QueueEstimate]:
    return dict(QueueEstimator(jobs.redis, jobs.settings).estimates())


def test_each_job_has_a_time(jobs: JobStore, estimator: QueueEstimator) -> None:
    """It follows from the lengths."""
    _register(jobs)
    first, second = (received(jobs, duration_s=60.0) for _ in range(2))
    estimates = estimator.estimates()
    one_s = Speed().fixed_s + 60 * Speed().per_second
    assert estimates[second].left_s == pytest.approx(2 * one_s, rel=0.05)
    assert estimates[first].attended


def test_the_time_falls_while_a_job_goes_on(jobs: JobStore, estimator: QueueEstimator) -> None:
    """With each state, and with each segment."""
    _register(jobs)
    job = received(jobs, duration_s=300.0)
    estimates = [_fresh(jobs)[job]]
    jobs.advance(job, JobState.CONVERTING)
    estimates.append(_fresh(jobs)[job])
    for done in (1, 5, 10):
        featurizing(jobs, job, 300, done)
        estimates.append(_fresh(jobs)[job])
    for state in (JobState.CLASSIFYING, JobState.REPLYING):
        jobs.advance(job, state)
        estimates.append(_fresh(jobs)[job])
    seconds = [estimate.left_s for estimate in estimates]
    assert seconds == sorted(set(seconds), reverse=True)
    jobs.advance(job, JobState.DONE)
    assert _fresh(jobs) == {}
    assert estimator.estimates() == {}


def test_jobs_that_wait_for_others_have_a_time_too(
    jobs: JobStore, estimator: QueueEstimator
) -> None:
    """A user's third track waits for the first; a follower waits for its leader."""
    _register(jobs, 8)
    mine = [received(jobs, duration_s=60.0, user_id=3) for _ in range(3)]
    follower = received(jobs, duration_s=60.0)
    jobs.advance(mine[0], JobState.FETCHING)
    jobs.advance(follower, JobState.FETCHING)
    jobs.redis.hset(job_key(follower), JobField.LEADER, mine[0])
    estimates = estimator.estimates()
    assert estimates[mine[2]].left_s == pytest.approx(2 * estimates[mine[0]].left_s, rel=0.05)
    assert estimates[follower].left_s > estimates[mine[0]].left_s


def test_a_failed_job_is_nearly_over(jobs: JobStore) -> None:
    """The audio of a damaged track is not waited for."""
    _register(jobs)
    job = received(jobs, duration_s=3600.0)
    jobs.fail(job, AudioError(ErrorCode.SILENT, "silent"))
    assert _fresh(jobs)[job].left_s < 1


def test_without_workers_the_estimate_says_so(jobs: JobStore, estimator: QueueEstimator) -> None:
    """The time is that of one process."""
    job = received(jobs, duration_s=60.0)
    estimate = estimator.estimates()[job]
    assert not estimate.attended
    assert estimate.left_s == pytest.approx(Speed().fixed_s + 60 * Speed().per_second, rel=0.05)


def test_estimates_that_take_long_are_reused(
    jobs: JobStore, estimator: QueueEstimator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a while; a new job is estimated as an addition to them."""
    monkeypatch.setattr(eta, "REUSE_FACTOR", 1e6)
    first = received(jobs)
    estimates = estimator.estimates()
    jobs.advance(first, JobState.CLASSIFYING)
    assert estimator.estimates([first]) is estimates
    before = estimates[first]
    second = received(jobs)
    assert second not in estimator.estimates()
    assert estimator.estimates([second]).keys() == {first, second}
    assert estimates[first] is before
    assert estimates[second].left_s > 0


def test_states_of_another_release_are_skipped(jobs: JobStore, estimator: QueueEstimator) -> None:
    """A state that cannot be read does not hide the others."""
    unreadable, job = received(jobs), received(jobs)
    jobs.redis.hset(job_key(unreadable), JobField.STATE, "dreaming")
    expired = received(jobs)
    jobs.redis.delete(job_key(expired))
    assert estimator.estimates().keys() == {job}


def test_a_long_queue_is_estimated_quickly(jobs: JobStore, estimator: QueueEstimator) -> None:
    """Five hundred jobs; the bot estimates in a thread."""
    _register(jobs, 4)
    for number in range(500):
        received(jobs, duration_s=10.0 + number)
    started = time.process_time()
    assert len(estimator.estimates()) == 500
    assert time.process_time() - started < 1.5
