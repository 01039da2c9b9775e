"""Admission: how much may wait, and which tracks are accepted all the same."""

from typing import Any

import pytest

from services.bot.estimation.admission import Admission
from services.bot.estimation.eta import QueueEstimator
from shared.domain.track import Track
from shared.settings import JobSettings
from shared.store.jobs import JobStore
from shared.store.keys import COSTS, cached_result_file_key, single_flight_key
from shared.store.throughput import WorkerRegistration
from tests.services.bot.estimation.states import featurizing
from tests.shared.samples import received, track

MAX_BACKLOG_S = 600.0


@pytest.fixture
def job_settings() -> JobSettings:
    """Allow ten minutes of audio for each process."""
    return JobSettings(max_backlog_s=MAX_BACKLOG_S)


@pytest.fixture
def admission(jobs: JobStore) -> Admission:
    """Admission by the jobs of the store."""
    return Admission(jobs, QueueEstimator(jobs.redis, jobs.settings))


def _register(jobs: JobStore, processes: int = 1) -> None:
    """Register workers that take ten seconds for a second of audio."""
    jobs.redis.hset(COSTS, mapping={"audio": 1e6, "listening": 1e7})
    WorkerRegistration("w", processes, "v1").announce(jobs.redis)


@pytest.mark.parametrize("processes", [0, 1, 3])
def test_tracks_are_accepted_up_to_the_limit(
    jobs: JobStore, admission: Admission, processes: int
) -> None:
    """So much audio for each process; for one process if there is none."""
    if processes:
        _register(jobs, processes)
    for _ in range(2 * max(1, processes)):
        assert admission.check(track(duration_s=3600.0)) is None
        received(jobs, duration_s=MAX_BACKLOG_S / 2)
    assert admission.check(track()) is None, "at the limit, not above it"
    received(jobs, duration_s=3.0)
    refused = admission.check(track(duration_s=3600.0))
    assert refused is not None
    assert refused.attended is (processes > 0)
    assert refused.left_s > 1
    assert len(jobs.active()) == 2 * max(1, processes) + 1, "a check stores nothing"


def test_processed_audio_no_longer_counts(jobs: JobStore, admission: Admission) -> None:
    """It is subtracted segment by segment."""
    _register(jobs)
    job = received(jobs, duration_s=MAX_BACKLOG_S + 300)
    assert admission.check(track()) is not None
    featurizing(jobs, job, MAX_BACKLOG_S + 300, 9)
    assert admission.check(track()) is not None
    featurizing(jobs, job, MAX_BACKLOG_S + 300, 10)
    assert admission.check(track()) is None


def test_the_estimate_counts_the_users_own_waiting_tracks(
    jobs: JobStore, admission: Admission
) -> None:
    """One more track of a user with many would take longer than one of somebody else."""
    _register(jobs, 4)
    for _ in range(9):
        received(jobs, duration_s=MAX_BACKLOG_S / 2, user_id=3)
        received(jobs, duration_s=MAX_BACKLOG_S / 2)
    theirs, other = admission.check(track(user_id=3)), admission.check(track())
    assert theirs is not None
    assert other is not None
    assert theirs.left_s > 1.5 * other.left_s


def test_a_track_that_would_be_done_soon_is_accepted(jobs: JobStore, admission: Admission) -> None:
    """However long the backlog is: a clip goes before long tracks and delays them little."""
    _register(jobs)
    received(jobs, duration_s=10 * MAX_BACKLOG_S)
    assert admission.check(track(duration_s=3600.0)) is not None
    assert admission.check(track(duration_s=30.0)) is None


def test_what_waits_in_a_users_own_line_burdens_that_user_alone(
    jobs: JobStore, admission: Admission
) -> None:
    """Only as many of a user's tracks as may be in work count towards the common backlog."""
    _register(jobs, 2)
    for _ in range(20):
        received(jobs, duration_s=MAX_BACKLOG_S, user_id=3)
    assert admission.check(track(duration_s=3600.0)) is None
    received(jobs, duration_s=30.0)
    assert admission.check(track(duration_s=3600.0)) is not None


def test_a_check_costs_the_same_however_many_jobs_there_are(
    jobs: JobStore, admission: Admission, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it reads counters and not the jobs, whether it accepts or refuses."""
    _register(jobs)
    commands: list[str] = []
    execute: Any = jobs.redis.execute_command

    def record(*args: Any, **options: Any) -> Any:
        commands.append(args[0])
        return execute(*args, **options)

    monkeypatch.setattr(jobs.redis, "execute_command", record)
    numbers = []
    for number in (1, 50):
        for _ in range(number):
            received(jobs, duration_s=MAX_BACKLOG_S + 1)
        admission.check(track())
        commands.clear()
        admission.check(track())
        numbers.append(len(commands))
    assert numbers[0] == numbers[1] < 6


@pytest.fixture
def full(jobs: JobStore) -> str:
    """A job whose audio exceeds the limit by far."""
    _register(jobs)
    return received(jobs, duration_s=10 * MAX_BACKLOG_S)


def _file(unique_id: str | None = "u") -> Track:
    return track(file_unique_id=unique_id)


@pytest.mark.usefixtures("full")
def test_a_known_job_is_accepted(jobs: JobStore, admission: Admission) -> None:
    """A repeated update does not undo what was accepted."""
    sent = track()
    assert admission.check(sent) is not None
    jobs.create(sent)
    assert admission.check(sent) is None


@pytest.mark.usefixtures("full")
def test_a_file_with_a_cached_result_is_accepted(jobs: JobStore, admission: Admission) -> None:
    """If a worker of the version that computed it is there."""
    assert admission.check(_file()) is not None
    jobs.redis.set(cached_result_file_key("v0", "u"), "x")
    assert admission.check(_file()) is not None, "no worker has this version"
    jobs.redis.set(cached_result_file_key("v1", "u"), "x")
    assert admission.check(_file()) is None
    assert admission.check(_file(None)) is not None


def test_a_file_in_work_is_accepted(jobs: JobStore, admission: Admission, full: str) -> None:
    """While the job that leads it is active."""
    jobs.redis.set(single_flight_key("v1", "u"), full)
    assert admission.check(_file()) is None
    jobs.redis.set(single_flight_key("v1", "u"), "f" * 24)
    assert admission.check(_file()) is not None
