"""Job states: only forward, once, and in one view."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import cast

import pytest
from redis.exceptions import LockError

from shared.domain.job_state import JobState
from shared.domain.plan import Plan
from shared.errors import AudioError, ErrorCode, GenrebotError
from shared.settings import JobSettings
from shared.store.jobs import JobStore
from shared.store.keys import ACTIVE_JOBS, WAITING_JOBS, JobField, key
from tests.shared.samples import received, seen, track

UNKNOWN = "0" * 24


def may(now: JobState, to: JobState) -> bool:
    """Return whether a job in one state may be moved to another: the rule in one line."""
    return not now.final and to.rank >= now.rank


@pytest.mark.parametrize(("first", "second"), list(product(JobState, JobState)))
def test_jobs_only_move_forward(jobs: JobStore, first: JobState, second: JobState) -> None:
    """For every pair of states: forward and in place pass, back and out of the end do not."""
    job_id = received(jobs)
    assert jobs.advance(job_id, first)
    assert jobs.advance(job_id, second) is may(first, second)
    assert seen(jobs, job_id).state is (second if may(first, second) else first)
    assert (job_id in jobs.active()) is not seen(jobs, job_id).state.final


@pytest.mark.parametrize("seed", range(5))
def test_any_walk_follows_the_rule(jobs: JobStore, seed: int) -> None:
    """However tasks arrive, the state is what the rule makes of them one by one."""
    walk = random.Random(seed)
    job_id, now = received(jobs), JobState.RECEIVED
    for to in walk.choices(list(JobState)[:-2] * 3 + [JobState.DONE, JobState.FAILED], k=30):
        assert jobs.advance(job_id, to) is may(now, to)
        now = to if may(now, to) else now
        assert seen(jobs, job_id).state is now


def test_an_unknown_job_does_not_move(jobs: JobStore) -> None:
    """Tasks of a forgotten job are not run and leave nothing behind."""
    assert not jobs.advance(UNKNOWN, JobState.FETCHING)
    assert not jobs.record(UNKNOWN, JobField.PLAN, "x")
    assert not jobs.fail(UNKNOWN, AudioError(ErrorCode.SILENT, "x"))
    assert jobs.begin_run(UNKNOWN, "ingest") == 0
    assert jobs.view(UNKNOWN) is None
    assert jobs.redis.dbsize() == 0


def test_a_job_is_created_once(jobs: JobStore) -> None:
    """The second time nothing changes, also where the job has moved on."""
    sent = track(title="first")
    assert jobs.create(sent)
    jobs.advance(sent.job_id, JobState.FETCHING)
    assert not jobs.create(sent.model_copy(update={"title": "second"}))
    view = seen(jobs, sent.job_id)
    assert (view.state, view.track.title, view.position) == (JobState.FETCHING, "first", None)
    assert jobs.active() == [sent.job_id]


def test_of_many_creators_one_wins(jobs: JobStore) -> None:
    """The same update handled at once in many places is one job."""
    sent = track()
    barrier = threading.Barrier(8)

    def create(_: int) -> bool:
        barrier.wait()
        return jobs.create(sent)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(create, range(8))) == 1


def test_positions_in_the_queue(jobs: JobStore) -> None:
    """A job's place counts those that came before and that no worker has begun."""
    first, second, third = (received(jobs) for _ in range(3))
    assert [seen(jobs, j).position for j in (first, second, third)] == [0, 1, 2]
    jobs.advance(first, JobState.FETCHING)
    assert [seen(jobs, j).position for j in (first, second, third)] == [None, 0, 1]
    jobs.advance(second, JobState.FAILED)
    assert seen(jobs, third).position == 0
    assert jobs.active() == [first, third]


def test_the_first_reason_stands(jobs: JobStore) -> None:
    """Of several failures the first is told, with its code and all lines of its sentence."""
    job_id = received(jobs)
    assert seen(jobs, job_id).error is None
    assert jobs.fail(job_id, AudioError(ErrorCode.SILENT, "Nothing to hear.\nTry louder."))
    assert not jobs.fail(job_id, GenrebotError(ErrorCode.CRASHED, "later"))
    error = seen(jobs, job_id).error
    assert error is not None
    assert (error.code, error.message) == (ErrorCode.SILENT, "Nothing to hear.\nTry louder.")


def test_facts_are_recorded_once_until_forgotten(jobs: JobStore) -> None:
    """A fact stands until it is taken back."""
    job_id = received(jobs)
    assert jobs.fact(job_id, JobField.STATUS_MESSAGE_ID) is None
    assert jobs.record(job_id, JobField.STATUS_MESSAGE_ID, "5")
    assert not jobs.record(job_id, JobField.STATUS_MESSAGE_ID, "6")
    assert seen(jobs, job_id).status_message_id == 5
    jobs.forget(job_id, JobField.STATUS_MESSAGE_ID)
    assert jobs.record(job_id, JobField.STATUS_MESSAGE_ID, "6")
    assert jobs.fact(job_id, JobField.STATUS_MESSAGE_ID) == "6"


def test_segments_count_once_each(jobs: JobStore) -> None:
    """A segment that is done twice counts once; chunks never exceed the plan."""
    job_id = received(jobs)
    plan = Plan.of(duration_s=135.0, n_chunks=45, segment_chunks=20, columns=4)
    assert seen(jobs, job_id).chunks_completed == 0
    assert jobs.plan(job_id) is None
    jobs.record(job_id, JobField.PLAN, plan.model_dump_json())
    assert jobs.plan(job_id) == plan
    assert [jobs.segment_progress.complete_segment(job_id, k).completed for k in (0, 0, 2, 1)] == [
        1,
        1,
        2,
        3,
    ]
    assert jobs.segment_progress.is_completed(job_id, 2)
    assert not jobs.segment_progress.is_completed(job_id, 3)
    view = seen(jobs, job_id)
    assert (view.segments_completed, view.chunks_completed) == (3, 45)


def test_open_starts_are_counted(jobs: JobStore) -> None:
    """A run that never ends stays counted; one that ends does not; tasks are counted apart."""
    job_id = received(jobs)
    assert jobs.begin_run(job_id, "convert") == 1  # its worker dies
    assert jobs.begin_run(job_id, "convert") == 2
    jobs.end_run(job_id, "convert")
    assert jobs.begin_run(job_id, "convert") == 2
    assert jobs.begin_run(job_id, "ingest") == 1


def test_many_jobs_in_one_view(jobs: JobStore) -> None:
    """Outbox come in the order asked for, None for what is not there."""
    first, second = received(jobs), received(jobs)
    views = jobs.views([second, UNKNOWN, first])
    assert [view and view.job_id for view in views] == [second, None, first]
    assert jobs.views([]) == []


def test_states_expire(jobs: JobStore, job_settings: JobSettings) -> None:
    """Everything of a job has a time to live, and a task renews that of its hash."""
    job_id = received(jobs)
    jobs.redis.expire(key("job", job_id), 5)
    jobs.advance(job_id, JobState.FEATURIZING)
    jobs.segment_progress.complete_segment(job_id, 0)
    names = cast("list[str]", jobs.redis.keys(key("job", "*")))
    assert len(names) == 2
    for name in names:
        assert job_settings.job_ttl_s - 5 < cast("int", jobs.redis.ttl(name))
        assert cast("int", jobs.redis.ttl(name)) <= job_settings.job_ttl_s


def test_an_expired_job_can_be_taken_off_the_lists(jobs: JobStore) -> None:
    """What expired stays on the lists until it is dropped, then it is gone for good."""
    gone, stays = received(jobs), received(jobs)
    jobs.redis.delete(key("job", gone))
    assert jobs.view(gone) is None
    assert seen(jobs, stays).position == 1
    jobs.drop_from_lists(gone)
    assert seen(jobs, stays).position == 0
    assert (
        jobs.redis.zrange(ACTIVE_JOBS, 0, -1) == jobs.redis.zrange(WAITING_JOBS, 0, -1) == [stays]
    )


def test_a_status_has_one_writer(jobs: JobStore) -> None:
    """While one holds the lock another is turned away; other jobs are not touched."""
    with jobs.status_lock("a", wait_s=0):
        with pytest.raises(LockError), jobs.status_lock("a", wait_s=0.05):
            raise AssertionError("two writers at once")
        with jobs.status_lock("b", wait_s=0):
            pass
    with jobs.status_lock("a", wait_s=0):
        pass


def test_a_lock_may_be_given_back_on_another_thread(jobs: JobStore) -> None:
    """An event loop takes and gives back on whichever threads are free."""
    lock = jobs.status_lock("a", wait_s=0)
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        one.submit(lock.__enter__).result()
        other.submit(lock.__exit__, None, None, None).result()
    assert jobs.redis.dbsize() == 0


def test_a_lock_that_timed_out_is_no_error(jobs: JobStore) -> None:
    """An edit that took too long was made all the same, and another's lock stays its own."""
    with jobs.status_lock("a", wait_s=0):
        jobs.redis.set(key("job", "a", "status"), "somebody else")
    assert jobs.redis.get(key("job", "a", "status")) == "somebody else"
