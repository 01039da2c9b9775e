"""The backlog: its counters agree with the jobs, and cost the same however many jobs there are."""

import random
import time
from collections.abc import Callable
from statistics import median

import pytest

from shared.domain.job_state import JobState
from shared.domain.plan import Plan
from shared.errors import AudioError, ErrorCode
from shared.scheduling.cost_model import expected_s
from shared.scheduling.policy import left_s
from shared.settings import JobSettings
from shared.store.backlog import Backlog, Difference
from shared.store.jobs import JobStore
from shared.store.keys import (
    BACKLOG,
    BacklogField,
    JobField,
    job_key,
    user_backlog_key,
    user_line_key,
)
from shared.store.user_slots import UserLineFullError
from tests.shared.samples import received, track

ADA = "42/7"


def _plan(length_s: float, *, complete: bool = True) -> Plan:
    chunks = max(1, int(length_s // 3))
    return Plan.of(
        duration_s=length_s, n_chunks=chunks, segment_chunks=10, columns=4, complete=complete
    )


def _expected(jobs: JobStore) -> dict[str, Backlog]:
    """Compute all counters from the jobs' views, by the rules of the module's docstring."""
    found: dict[str, list[float]] = {}
    for view in jobs.views(jobs.active()):
        assert view is not None
        length_s = float(view.fields.get(JobField.LENGTH_S, expected_s(view.track)))
        audio_s = length_s
        if view.plan is not None:
            audio_s = left_s(
                view.plan.duration_s, view.segments_completed, view.plan.segment_chunks
            )
        if view.error or view.leader or view.state.rank > JobState.FEATURIZING.rank:
            audio_s = 0.0
        found.setdefault(user_backlog_key(view.track.user), []).append(audio_s)
        if jobs.redis.zscore(user_line_key(view.track.user), view.job_id) is None:
            found.setdefault(BACKLOG, []).append(audio_s)
    return {key: Backlog(sum(audio), len(audio)) for key, audio in found.items()}


def _counted(jobs: JobStore) -> dict[str, Backlog]:
    keys = [BACKLOG, *jobs.redis.scan_iter(user_backlog_key("*"))]
    counters = {key: jobs.redis.hgetall(key) for key in keys}
    return {
        key: Backlog(int(fields[BacklogField.AUDIO_MS]) / 1000, int(fields[BacklogField.JOBS]))  # type: ignore[index]
        for key, fields in counters.items()
        if fields
    }


def test_a_job_counts_with_what_is_left_of_it(jobs: JobStore) -> None:
    """From the claimed length over the real one and the plan down to nothing."""
    job_id = received(jobs, duration_s=600.0)
    seen = [jobs.backlog.common()]
    jobs.advance(job_id, JobState.FETCHING)
    jobs.set_length(job_id, 300.0)
    seen.append(jobs.backlog.common())
    jobs.segment_progress.commit_slice(job_id, 0, 10, _plan(290.0))
    seen.append(jobs.backlog.common())
    for segment in (0, 0, 5):
        jobs.segment_progress.complete_segment(job_id, segment)
    seen.append(jobs.backlog.common())
    jobs.advance(job_id, JobState.CLASSIFYING)
    seen.append(jobs.backlog.common())
    assert [backlog.audio_s for backlog in seen] == [600, 300, 290, 230, 0]
    assert {backlog.jobs for backlog in seen} == {1}
    jobs.advance(job_id, JobState.DONE)
    assert jobs.backlog.common() == Backlog()
    assert not jobs.redis.exists(BACKLOG, user_backlog_key(ADA))


def test_a_users_own_line_burdens_that_user_alone(jobs: JobStore) -> None:
    """Two of ten tracks count for everybody; each further one does when it gets a slot."""
    mine = [received(jobs, user_id=7, duration_s=3600.0) for _ in range(10)]
    other = received(jobs, duration_s=30.0)
    assert jobs.backlog.common() == Backlog(2 * 3600 + 30, 3)
    assert jobs.backlog.of_user(ADA).total == Backlog(10 * 3600, 10)
    assert (jobs.backlog.of_user(ADA).in_work, jobs.backlog.of_user(ADA).in_line) == (2, 8)
    jobs.advance(mine[0], JobState.DONE)
    jobs.advance(other, JobState.DONE)
    assert jobs.backlog.common() == Backlog(3600, 1)
    assert jobs.user_slots.admit(ADA) == [mine[2]]
    assert jobs.backlog.common() == Backlog(2 * 3600, 2)


def test_a_failed_job_leaves_nothing_to_do(jobs: JobStore) -> None:
    """It still has to be told to its user, which counts as a job without audio."""
    job_id = received(jobs, duration_s=60.0)
    jobs.fail(job_id, AudioError(ErrorCode.SILENT, "silent"))
    assert jobs.backlog.common() == Backlog(0, 1)


def test_a_late_segment_of_a_job_that_is_over_counts_nothing(jobs: JobStore) -> None:
    """A worker may finish a segment after another one has ended the job."""
    job_id = received(jobs, duration_s=60.0)
    jobs.segment_progress.commit_slice(job_id, 0, 2, _plan(60.0))
    jobs.advance(job_id, JobState.FAILED)
    jobs.segment_progress.complete_segment(job_id, 1)
    assert jobs.backlog.common() == Backlog()


def test_a_users_line_is_bounded(jobs: JobStore) -> None:
    """Twenty wait beside the two in work; a further one is refused and leaves no trace."""
    for _ in range(22):
        received(jobs, user_id=7)
    further = track(user_id=7)
    with pytest.raises(UserLineFullError) as raised:
        jobs.create(further)
    assert raised.value.in_line == 20
    assert jobs.view(further.job_id) is None
    assert jobs.backlog.of_user(ADA).total.jobs == 22
    assert jobs.create(track(user_id=8)), "another user is not affected"


def test_a_known_job_is_no_further_one(jobs: JobStore) -> None:
    """An update that comes again is not refused although the line is full."""
    store = JobStore(jobs.redis, JobSettings(jobs_per_person=1, max_waiting_per_user=1))
    sent = [track(user_id=7) for _ in range(3)]
    assert store.create(sent[0])
    assert store.create(sent[1])
    assert not store.create(sent[1])
    with pytest.raises(UserLineFullError):
        store.create(sent[2])


def test_what_is_lost_to_the_counters_is_corrected(jobs: JobStore) -> None:
    """A job's hash expired while it was active, and somebody wrote a counter."""
    gone, stays = received(jobs, duration_s=100.0), received(jobs, duration_s=50.0, user_id=7)
    jobs.redis.delete(job_key(gone))
    jobs.drop_from_lists(gone)
    jobs.redis.hset(user_backlog_key(ADA), BacklogField.JOBS, "5")
    differences = jobs.backlog.reconcile(repair=False)
    assert Difference(BACKLOG, Backlog(150, 2), Backlog(50, 1)) in differences
    assert Difference(user_backlog_key(ADA), Backlog(50, 5), Backlog(50, 1)) in differences
    assert len(differences) == 3
    assert sorted(jobs.backlog.reconcile()) == sorted(differences)
    assert jobs.backlog.reconcile() == []
    assert jobs.backlog.common() == Backlog(50, 1)
    assert jobs.backlog.of_user(ADA).total == Backlog(50, 1)
    jobs.advance(stays, JobState.DONE)
    assert _counted(jobs) == {}


@pytest.mark.parametrize("seed", range(6))
def test_counters_and_jobs_agree_whatever_happens(jobs: JobStore, seed: int) -> None:
    """Any order of anything that changes jobs."""
    dice = random.Random(seed)
    made: list[str] = []

    def create() -> None:
        sent = track(user_id=dice.randrange(4), duration_s=dice.choice([None, 30.0, 777.7]))
        try:
            assert jobs.create(sent)
        except UserLineFullError:
            return
        made.append(sent.job_id)

    def advance() -> None:
        jobs.advance(dice.choice(made), dice.choice(list(JobState)))

    def commit() -> None:
        job_id, length_s = dice.choice(made), dice.uniform(3, 900)
        before = int(jobs.fact(job_id, JobField.COMMITTED) or 0)
        jobs.segment_progress.commit_slice(
            job_id, before, before + 3, _plan(length_s, complete=False)
        )

    changes: list[Callable[[], object]] = [
        create,
        create,
        advance,
        commit,
        lambda: jobs.segment_progress.complete_segment(dice.choice(made), dice.randrange(9)),
        lambda: jobs.set_length(dice.choice(made), dice.uniform(3, 900)),
        lambda: jobs.fail(dice.choice(made), AudioError(ErrorCode.SILENT, "x")),
        lambda: jobs.user_slots.admit(f"42/{dice.randrange(4)}"),
    ]
    create()
    for _ in range(250):
        dice.choice(changes)()
    expected, counted = _expected(jobs), _counted(jobs)
    assert counted.keys() == expected.keys()
    for key, backlog in expected.items():
        assert counted[key].jobs == backlog.jobs
        assert counted[key].audio_s == pytest.approx(backlog.audio_s, abs=0.001 * backlog.jobs)
    assert jobs.backlog.reconcile(repair=False) == []


def _cost_s(jobs: JobStore) -> float:
    """Median time of what accepting one more track takes, in seconds."""
    taken = []
    for _ in range(60):
        sent = track(duration_s=180.0)
        started = time.perf_counter()
        jobs.backlog.common()
        jobs.backlog.of_user(sent.user)
        jobs.create(sent)
        taken.append(time.perf_counter() - started)
    return median(taken)


def test_accepting_a_track_costs_the_same_with_many_jobs(jobs: JobStore) -> None:
    """With a hundred times as many jobs it takes less than twice as long, noise included."""
    for _ in range(50):
        received(jobs, duration_s=180.0)
    few_s = _cost_s(jobs)
    for _ in range(5000):
        received(jobs, duration_s=180.0)
    assert _cost_s(jobs) < 2 * few_s
