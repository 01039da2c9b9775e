"""The change feed: a reader is told of every change once, and of nothing that did not change."""

from shared.domain.job_state import JobState
from shared.domain.plan import Plan
from shared.errors import AudioError, ErrorCode
from shared.store.jobs import JobStore
from shared.store.keys import CHANGED_JOBS, ENDED_JOBS, JobField, followers_key
from tests.shared.samples import received

PLAN = Plan.of(duration_s=60, n_chunks=20, segment_chunks=10, columns=4)


class Reader:
    """Reads the feed as the status updater does."""

    def __init__(self, jobs: JobStore) -> None:
        self.jobs = jobs
        self.cursor = 0
        self._complete = True

    def is_complete(self) -> bool:
        """Return whether the last reading told everything since the one before."""
        return self._complete

    def read(self, limit: int = 1000) -> list[str]:
        """Return what has changed since the last time."""
        changes = self.jobs.changed_since(self.cursor, limit)
        self.cursor, self._complete = changes.cursor, changes.complete
        return changes.job_ids


def test_every_change_is_told_once(jobs: JobStore) -> None:
    """Whatever a status message shows; a job that does not change is not mentioned."""
    job_id, still = received(jobs), received(jobs)
    reader = Reader(jobs)
    assert reader.read() == [job_id, still]
    assert not reader.is_complete(), "a new reader does not know what was before"
    assert reader.read() == []
    assert reader.is_complete()
    for change in (
        lambda: jobs.advance(job_id, JobState.FETCHING),
        lambda: jobs.set_length(job_id, 60.0),
        lambda: jobs.advance(job_id, JobState.FEATURIZING),
        lambda: jobs.segment_progress.commit_slice(job_id, 0, 2, PLAN),
        lambda: jobs.segment_progress.complete_segment(job_id, 0),
        lambda: jobs.record(job_id, JobField.STATUS_MESSAGE_ID, "5"),
        lambda: jobs.fail(job_id, AudioError(ErrorCode.SILENT, "x")),
        lambda: jobs.advance(job_id, JobState.FAILED),
    ):
        change()
        assert reader.read() == [job_id]
        assert reader.read() == []
    assert reader.is_complete()


def test_what_changes_nothing_is_not_told(jobs: JobStore) -> None:
    """A task that runs twice, and facts that no message shows."""
    job_id = received(jobs)
    jobs.advance(job_id, JobState.FEATURIZING)
    jobs.segment_progress.complete_segment(job_id, 0)
    reader = Reader(jobs)
    reader.read()
    jobs.advance(job_id, JobState.FEATURIZING)
    jobs.advance(job_id, JobState.FETCHING)
    jobs.segment_progress.complete_segment(job_id, 0)
    jobs.record(job_id, JobField.SHA256, "0")
    assert reader.read() == []


def test_a_user_whose_turn_has_come_is_told(jobs: JobStore) -> None:
    """A job that gets a slot changes what its message says."""
    sent = [received(jobs, user_id=7) for _ in range(3)]
    reader = Reader(jobs)
    reader.read()
    jobs.advance(sent[0], JobState.DONE)
    jobs.user_slots.admit("42/7")
    assert reader.read() == [sent[0], sent[2]]


def test_followers_change_with_their_leader(jobs: JobStore) -> None:
    """They show its progress."""
    leader, follower = received(jobs), received(jobs)
    jobs.redis.sadd(followers_key(leader), follower)
    reader = Reader(jobs)
    reader.read()
    jobs.advance(leader, JobState.CONVERTING)
    assert sorted(reader.read()) == sorted([leader, follower])


def test_many_changes_are_read_in_parts(jobs: JobStore) -> None:
    """Without a gap and without repeats."""
    sent = [received(jobs) for _ in range(25)]
    reader, seen = Reader(jobs), []
    while part := reader.read(limit=10):
        seen += part
    assert seen == sent
    assert not jobs.changed_since(reader.cursor).more


def test_jobs_that_ended_are_forgotten_after_a_while(jobs: JobStore) -> None:
    """So the feed stays small; a reader that was away for that long is told to look at all jobs."""
    late, ended = Reader(jobs), [received(jobs) for _ in range(12)]
    late.read()
    late.read()
    assert late.is_complete()
    for job_id in ended:
        jobs.advance(job_id, JobState.DONE)
    jobs.redis.zadd(ENDED_JOBS, dict.fromkeys(ended, 1.0))
    in_time = Reader(jobs)
    in_time.cursor = jobs.changed_since(0).cursor
    for _ in range(2):  # each end forgets ten
        jobs.advance(received(jobs), JobState.DONE)
    assert jobs.redis.zcard(CHANGED_JOBS) == 2
    late.read()
    assert not late.is_complete()
    assert len(in_time.read()) == 2
    assert in_time.is_complete()


def test_a_server_that_was_emptied_is_noticed(jobs: JobStore) -> None:
    """A reader's cursor may be ahead of a new server."""
    received(jobs)
    reader = Reader(jobs)
    reader.read()
    jobs.redis.flushall()
    assert reader.read() == []
    assert not reader.is_complete()
    job_id = received(jobs)
    assert reader.read() == [job_id]


def test_positions_are_those_of_the_jobs_asked_for(jobs: JobStore) -> None:
    """Jobs that do not wait have none."""
    first, second, third = (received(jobs) for _ in range(3))
    jobs.advance(first, JobState.FETCHING)
    assert jobs.positions([third, first]) == {third: 1, first: None}
    assert jobs.positions([second, "0" * 24]) == {second: 0, "0" * 24: None}
