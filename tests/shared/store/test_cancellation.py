"""A cancelled job is over at once, and of a user who asks for it nothing is kept."""

import pytest
from redis import Redis

from shared.domain.job_state import CancelReason, JobState
from shared.store.backlog import Backlog
from shared.store.jobs import JobStore
from shared.store.keys import JobField, blob_head_key, blob_index_key
from tests.shared.samples import received, seen, track

ADA = "42/7"


def _blob(jobs: JobStore, job_id: str) -> None:
    name = blob_head_key(job_id, "upload")
    jobs.redis.set(name, "x")
    jobs.redis.sadd(blob_index_key(job_id), name)


@pytest.mark.parametrize("state", [JobState.RECEIVED, JobState.FETCHING, JobState.FEATURIZING])
def test_everything_is_free_at_once(jobs: JobStore, state: JobState) -> None:
    """The slot, the place in the queue, the backlog and the blobs."""
    mine = [received(jobs, user_id=7, duration_s=60.0) for _ in range(3)]
    jobs.advance(mine[0], state)
    _blob(jobs, mine[0])
    assert jobs.cancel(mine[0], CancelReason.BY_USER)
    view = seen(jobs, mine[0])
    assert (view.state, view.fields[JobField.CANCELLED]) == (JobState.FAILED, "by_user")
    assert jobs.is_over(mine[0])
    assert mine[0] not in jobs.active()
    assert jobs.positions(mine) == {mine[0]: None, mine[1]: 0, mine[2]: None}
    assert jobs.user_slots.admit(ADA) == [mine[2]]
    assert jobs.backlog.common() == Backlog(120, 2)
    assert list(jobs.redis.scan_iter("genrebot:blob:*")) == []


def test_a_job_leaves_its_users_line(jobs: JobStore) -> None:
    """It is not admitted later."""
    mine = [received(jobs, user_id=7) for _ in range(4)]
    jobs.cancel(mine[2], CancelReason.BY_USER)
    assert [seen(jobs, job_id).user_position for job_id in mine] == [None, None, None, 3]
    jobs.advance(mine[0], JobState.DONE)
    assert jobs.user_slots.admit(ADA) == [mine[3]]


@pytest.mark.parametrize("state", [JobState.DONE, JobState.FAILED])
def test_what_is_over_cannot_be_cancelled(jobs: JobStore, state: JobState) -> None:
    """Nor what is unknown."""
    job_id = received(jobs)
    jobs.advance(job_id, state)
    assert not jobs.cancel(job_id, CancelReason.BY_USER)
    assert JobField.CANCELLED not in seen(jobs, job_id).fields
    assert not jobs.cancel("0" * 24, CancelReason.BY_USER)
    assert jobs.is_over("0" * 24)


def test_a_cancelled_job_does_not_move(jobs: JobStore) -> None:
    """No task of it has anything to do."""
    job_id = received(jobs)
    assert not jobs.is_over(job_id)
    jobs.cancel(job_id, CancelReason.GONE)
    assert not any(jobs.advance(job_id, state) for state in JobState)


def test_a_closed_chat_cancels_the_users_jobs_there(jobs: JobStore) -> None:
    """Not those of other users, nor those from another chat."""
    mine = [received(jobs, user_id=7, chat_id=1) for _ in range(3)]
    elsewhere = received(jobs, user_id=7, chat_id=2)
    other = received(jobs, user_id=8, chat_id=1)
    jobs.advance(mine[0], JobState.DONE)
    assert sorted(jobs.cancel_chat(ADA, 1, CancelReason.GONE)) == sorted(mine[1:])
    assert sorted(jobs.active()) == sorted([elsewhere, other])


def test_nothing_of_a_forgotten_user_is_kept(jobs: JobStore) -> None:
    """Jobs that are over included; only numbers and ids that name nobody are left."""
    redis: Redis = jobs.redis
    other = received(jobs, user_id=8, title="Other")
    before = {name: redis.dump(name) for name in redis.scan_iter("genrebot:job:*")}
    mine = [received(jobs, user_id=7, title="Secret", chat_id=7001) for _ in range(4)]
    jobs.advance(mine[0], JobState.DONE)
    _blob(jobs, mine[1])
    assert sorted(jobs.forget_user(ADA)) == sorted(mine[1:])
    assert jobs.views(mine) == [None] * 4
    assert jobs.active() == [other]
    assert {name: redis.dump(name) for name in redis.scan_iter("genrebot:job:*")} == before
    assert list(redis.scan_iter(f"*{ADA}*")) == []
    assert list(redis.scan_iter("genrebot:blob:*")) == []
    assert jobs.backlog.reconcile(repair=False) == []
    assert jobs.create(track(user_id=7)), "the user may come back"
