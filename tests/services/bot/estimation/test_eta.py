"""One look at Redis: everybody's place, time, and whether there is room for one more."""

import time
from typing import Any

import pytest

from services.bot.estimation import eta
from services.bot.estimation.eta import Outlook
from shared.domain.job_state import JobState
from shared.domain.plan import Plan
from shared.domain.track import Track
from shared.errors import AudioError, ErrorCode
from shared.settings import JobSettings
from shared.store.jobs import JobStore
from shared.store.keys import JobField, cached_result_file_key, job_key, single_flight_key
from shared.store.throughput import Speed, WorkerRegistration
from tests.shared.samples import received, track

BOUND_S = 600.0


@pytest.fixture
def job_settings() -> JobSettings:
    """Ten minutes of audio for each process are enough."""
    return JobSettings(max_backlog_s=BOUND_S)


@pytest.fixture
def outlook(jobs: JobStore) -> Outlook:
    """Looks at the jobs' server."""
    return Outlook(jobs.redis, jobs.settings)


def _work(jobs: JobStore, processes: int = 1) -> None:
    WorkerRegistration("w", processes, "v1").announce(jobs.redis)


def _listening(jobs: JobStore, job_id: str, length_s: float, done: int) -> None:
    jobs.advance(job_id, JobState.FEATURIZING)
    plan = Plan.of(duration_s=length_s, n_chunks=round(length_s / 3), segment_chunks=10, columns=1)
    jobs.record(job_id, JobField.PLAN, plan.model_dump_json())
    for segment in range(done):
        jobs.segment_progress.complete_segment(job_id, segment)


def test_each_job_has_its_place_and_time(jobs: JobStore, outlook: Outlook) -> None:
    """Places count jobs that begin before; a job alone takes what its length says."""
    _work(jobs)
    first, second = (received(jobs, duration_s=60.0) for _ in range(2))
    told = outlook.estimates()
    assert [told[job].before for job in (first, second)] == [0, 1]
    one_s = Speed().fixed_s + 60 * Speed().per_second
    assert told[second].left_s == pytest.approx(2 * one_s, rel=0.05)
    assert told[first].attended


def test_time_goes_down_as_a_job_goes_on(jobs: JobStore, outlook: Outlook) -> None:
    """Stage by stage, and segment by segment."""
    _work(jobs)
    job = received(jobs, duration_s=300.0)
    told = [_fresh(jobs)[job]]
    jobs.advance(job, JobState.CONVERTING)
    told.append(_fresh(jobs)[job])
    for done in (1, 5, 10):
        _listening(jobs, job, 300, done)
        told.append(_fresh(jobs)[job])
    for state in (JobState.CLASSIFYING, JobState.REPLYING):
        jobs.advance(job, state)
        told.append(_fresh(jobs)[job])
    seconds = [estimate.left_s for estimate in told]
    assert seconds == sorted(set(seconds), reverse=True)
    assert [estimate.before for estimate in told] == [0] + [None] * 6
    jobs.advance(job, JobState.DONE)
    assert _fresh(jobs) == {}
    assert outlook.estimates() == {}


def _fresh(jobs: JobStore) -> Any:
    return Outlook(jobs.redis, jobs.settings).estimates()


def test_those_who_wait_for_others_are_told_when_too(jobs: JobStore, outlook: Outlook) -> None:
    """A third track of one person waits for their first; a follower for its leader."""
    _work(jobs, 8)
    mine = [received(jobs, duration_s=60.0, user_id=3) for _ in range(3)]
    follower = received(jobs, duration_s=60.0)
    jobs.advance(mine[0], JobState.FETCHING)
    jobs.advance(follower, JobState.FETCHING)
    jobs.redis.hset(job_key(follower), JobField.LEADER, mine[0])
    told = outlook.estimates()
    assert told[mine[2]].before is None
    assert told[mine[2]].left_s == pytest.approx(2 * told[mine[0]].left_s, rel=0.05)
    assert told[follower].left_s > told[mine[0]].left_s


def test_a_failed_job_is_as_good_as_over(jobs: JobStore) -> None:
    """Nobody waits for the audio of a track that turned out to be broken."""
    _work(jobs)
    job = received(jobs, duration_s=3600.0)
    jobs.fail(job, AudioError(ErrorCode.SILENT, "silent"))
    assert _fresh(jobs)[job].left_s < 1


def test_without_a_worker_it_is_a_guess_and_says_so(jobs: JobStore, outlook: Outlook) -> None:
    """At the speed of one process, for whenever somebody comes."""
    job = received(jobs, duration_s=60.0)
    told = outlook.estimates()[job]
    assert not told.attended
    assert told.left_s == pytest.approx(Speed().fixed_s + 60 * Speed().per_second, rel=0.05)


def test_looks_are_rare_where_they_take_long(
    jobs: JobStore, outlook: Outlook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A forecast is used for a while, unless a job is asked for that it does not know."""
    monkeypatch.setattr(eta, "RESTS", 1e6)
    first = received(jobs)
    told = outlook.estimates()
    jobs.advance(first, JobState.CLASSIFYING)
    assert outlook.estimates([first]) is told
    second = received(jobs)
    assert outlook.estimates() is told
    assert outlook.estimates([second]).keys() == {first, second}


def test_states_of_another_release_hide_nobody(jobs: JobStore, outlook: Outlook) -> None:
    """What cannot be read is passed over."""
    odd, job = received(jobs), received(jobs)
    jobs.redis.hset(job_key(odd), "state", "dreaming")
    gone = received(jobs)
    jobs.redis.delete(job_key(gone))
    assert outlook.estimates().keys() == {job}


@pytest.mark.parametrize("processes", [0, 1, 3])
def test_there_is_room_up_to_the_bound(jobs: JobStore, outlook: Outlook, processes: int) -> None:
    """So much audio for each process, for one where there is none; longer tracks wait for less."""
    if processes:
        _work(jobs, processes)
    for _ in range(2 * max(1, processes)):
        assert outlook.crowded(track(duration_s=3600.0)) is None
        received(jobs, duration_s=BOUND_S / 2)
    assert outlook.crowded(track()) is None, "at the bound, not above it"
    received(jobs, duration_s=3.0)
    crowd = outlook.crowded(track(duration_s=60.0))
    assert crowd is not None
    assert crowd.attended is (processes > 0)
    assert crowd.left_s > 1
    assert len(jobs.active()) == 2 * max(1, processes) + 1, "asking leaves no trace"


def test_what_was_heard_makes_room(jobs: JobStore, outlook: Outlook) -> None:
    """Segment by segment; and those who merely follow take none."""
    _work(jobs)
    job = received(jobs, duration_s=BOUND_S + 300)
    assert outlook.crowded(track()) is not None
    _listening(jobs, job, BOUND_S + 300, 9)
    assert outlook.crowded(track()) is not None
    _listening(jobs, job, BOUND_S + 300, 10)
    assert outlook.crowded(track()) is None
    follower = received(jobs, duration_s=BOUND_S)
    assert outlook.crowded(track()) is not None
    jobs.advance(follower, JobState.FETCHING)
    jobs.redis.hset(job_key(follower), JobField.LEADER, job)
    assert outlook.crowded(track()) is None


def test_a_person_with_many_tracks_is_told_of_their_own_line(
    jobs: JobStore, outlook: Outlook
) -> None:
    """One more of theirs would be later than one of somebody else's."""
    _work(jobs, 4)
    for _ in range(9):
        received(jobs, duration_s=BOUND_S / 2, user_id=3)
    theirs, other = outlook.crowded(track(user_id=3)), outlook.crowded(track())
    assert theirs is not None
    assert other is not None
    assert theirs.left_s > 2 * other.left_s


@pytest.fixture
def full(jobs: JobStore) -> str:
    """Far more than enough; a job that works on a file."""
    _work(jobs)
    return received(jobs, duration_s=10 * BOUND_S)


def _again(unique_id: str | None = "u") -> Track:
    return track(file_unique_id=unique_id)


def test_a_job_that_is_known_is_not_turned_away(
    jobs: JobStore, outlook: Outlook, full: str
) -> None:
    """An update that comes again must not take back what was promised."""
    del full
    sent = track()
    assert outlook.crowded(sent) is not None
    jobs.create(sent)
    assert outlook.crowded(sent) is None


def test_an_answer_that_is_kept_is_always_given(
    jobs: JobStore, outlook: Outlook, full: str
) -> None:
    """Where a worker of the version is there that gave it."""
    del full
    assert outlook.crowded(_again()) is not None
    jobs.redis.set(cached_result_file_key("v0", "u"), "x")
    assert outlook.crowded(_again()) is not None, "of a version that nobody has"
    jobs.redis.set(cached_result_file_key("v1", "u"), "x")
    assert outlook.crowded(_again()) is None
    assert outlook.crowded(_again(None)) is not None


def test_a_file_that_is_being_heard_may_be_followed(
    jobs: JobStore, outlook: Outlook, full: str
) -> None:
    """While whoever leads it is under way."""
    jobs.redis.set(single_flight_key("v1", "u"), full)
    assert outlook.crowded(_again()) is None
    jobs.redis.set(single_flight_key("v1", "u"), "f" * 24)
    assert outlook.crowded(_again()) is not None


def test_a_look_at_a_long_queue_is_quick(jobs: JobStore, outlook: Outlook) -> None:
    """Five hundred jobs: the bot looks at them in a thread, without holding up Redis."""
    _work(jobs, 4)
    for number in range(500):
        received(jobs, duration_s=10.0 + number)
    started = time.process_time()
    assert len(outlook.estimates()) == 500
    assert time.process_time() - started < 1.5
