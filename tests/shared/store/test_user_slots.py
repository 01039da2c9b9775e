"""Two tracks of one user are in work at once; the others wait in the user's own line."""

from typing import cast

import pytest

from shared.domain.job_state import JobState
from shared.settings import JobSettings
from shared.store.jobs import JobStore
from shared.store.keys import user_in_work_key, user_line_key
from tests.shared.samples import received, seen, track

ADA = "42/7"


def _of_ada(jobs: JobStore, number: int) -> list[str]:
    return [received(jobs, user_id=7) for _ in range(number)]


def _places(jobs: JobStore, job_ids: list[str]) -> list[int | None]:
    return [view.user_position if view else None for view in jobs.views(job_ids)]


def test_the_third_track_of_one_person_waits(jobs: JobStore) -> None:
    """Those that wait are counted over all of that user's, and are in nobody else's way."""
    sent = _of_ada(jobs, 4)
    assert _places(jobs, sent) == [None, None, 3, 4]
    assert [seen(jobs, job_id).position for job_id in sent] == [0, 1, None, None]
    other = received(jobs)
    assert (seen(jobs, other).position, seen(jobs, other).user_position) == (2, None)


@pytest.mark.parametrize("end", [JobState.DONE, JobState.FAILED])
def test_the_next_begins_when_one_ends_whatever_way_it_ends(jobs: JobStore, end: JobState) -> None:
    """In the order of coming, at the end of the queue that everybody sees."""
    sent = _of_ada(jobs, 5)
    other = received(jobs)
    assert jobs.user_slots.admit(ADA) == []
    jobs.advance(sent[1], end)
    assert jobs.user_slots.admit(ADA) == [sent[2]]
    assert jobs.user_slots.admit(ADA) == []
    assert [seen(jobs, j).position for j in (sent[0], other, sent[2])] == [0, 1, 2]
    assert _places(jobs, sent) == [None, None, None, 3, 4]
    jobs.advance(sent[0], end)
    jobs.advance(sent[2], end)
    assert jobs.user_slots.admit(ADA) == sent[3:]


def test_a_job_that_has_expired_gives_up_its_slot(jobs: JobStore) -> None:
    """In work or in line: once it is off the list of active jobs it counts no more."""
    sent = _of_ada(jobs, 5)
    for job_id in (sent[0], sent[2]):
        jobs.drop_from_lists(job_id)
    assert jobs.user_slots.admit(ADA) == [sent[3]]


def test_who_comes_while_others_wait_stands_behind_them(jobs: JobStore) -> None:
    """Also where a place is free just then."""
    sent = _of_ada(jobs, 3)
    jobs.advance(sent[0], JobState.DONE)
    late = received(jobs, user_id=7)
    assert _places(jobs, [*sent[1:], late]) == [None, 2, 3]
    assert jobs.user_slots.admit(ADA) == [sent[2]]


def test_nothing_stays_of_a_user_without_jobs(jobs: JobStore) -> None:
    """And what is there has a time to live."""
    sent = _of_ada(jobs, 3)
    for name in (user_in_work_key(ADA), user_line_key(ADA)):
        assert 0 < cast("int", jobs.redis.ttl(name)) <= jobs.settings.job_ttl_s
    for job_id in sent:
        jobs.advance(job_id, JobState.DONE)
    assert jobs.user_slots.admit(ADA) == []
    assert not jobs.redis.exists(user_in_work_key(ADA), user_line_key(ADA))


def test_a_user_is_the_same_in_every_chat(jobs: JobStore) -> None:
    """And another with every bot; who has no name is as many as there are chats."""
    sent = [received(jobs, user_id=7, chat_id=chat) for chat in (1, 2, 3)]
    assert _places(jobs, sent) == [None, None, 3]
    assert _places(jobs, [received(jobs, user_id=7, bot_id=1)]) == [None]
    assert track(user_id=None, chat_id=-5).user == track(user_id=None, chat_id=-5).user
    assert track(user_id=None, chat_id=-5).user != track(user_id=None, chat_id=-6).user


def test_the_number_can_be_set(jobs: JobStore) -> None:
    """One at a time, or five."""
    for number in (1, 5):
        store = JobStore(jobs.redis, JobSettings(jobs_per_person=number))
        sent = [received(store, user_id=100 + number) for _ in range(7)]
        assert _places(store, sent) == [None] * number + list(range(number + 1, 8))
