"""One run of a task: what becomes of its errors."""

import logging
from typing import Any, cast

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from redis import Redis

from services.worker.context import WorkerContext
from services.worker.execution import errors
from services.worker.storage.blob_store import BlobMissingError
from shared.domain.job_state import JobState
from shared.errors import AudioError, ErrorCode, TransientError
from shared.queue.messages import JobMessage, SegmentMessage
from shared.queue.tasks import QueueName, TaskName
from shared.store.keys import LEASES, JobField
from tests.services.worker.task_harness import TaskHarness
from tests.shared.samples import received, seen

TOO_SHORT = AudioError(ErrorCode.TOO_SHORT, "Send a second at least.")


@pytest.fixture
def redis(harness: TaskHarness) -> Redis:
    """Client whose values are text."""
    return harness.ctx.jobs.redis


def test_a_body_gets_the_resources_and_its_message(harness: TaskHarness, redis: Redis) -> None:
    """Afterwards there is neither a lease, nor a death on the count, nor another message."""
    job_id = received(harness.ctx.jobs)
    harness.task_name(lambda ctx, _: harness.runs.append(ctx), TaskName.FEATURIZE)
    assert harness.worker.run(harness.send(job_id, TaskName.FEATURIZE, segment=3)) == "SUCCESS"
    assert harness.runs == [SegmentMessage(job_id=job_id, segment=3), harness.ctx]
    assert redis.zcard(LEASES) == 0
    assert harness.ctx.jobs.fact(job_id, "unfinished_runs:genrebot.featurize:3") == "0"
    assert harness.worker.waiting() == []


def test_while_a_body_runs_its_lease_can_bring_the_same_task_back(harness: TaskHarness) -> None:
    """The lease names task, segment, queue and limit."""

    def die(ctx: WorkerContext, _: SegmentMessage) -> None:
        held = cast("list[str]", ctx.jobs.redis.zrange(LEASES, 0, -1))
        ctx.jobs.redis.zadd(LEASES, dict.fromkeys(held, 1.0))
        ctx.leases.sweep(harness.app)

    harness.task_name(die, TaskName.FEATURIZE)
    sent = harness.send(received(harness.ctx.jobs), TaskName.FEATURIZE, segment=3)
    harness.worker.run(sent)
    again = harness.worker.take()
    assert (again.task_name, again.kwargs) == (sent.task_name, sent.kwargs)
    assert (again.queue, again.limits) == (sent.queue, sent.limits) == (QueueName.LONG, (200, 180))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TOO_SHORT, ErrorCode.TOO_SHORT),
        (BlobMissingError("audio-3"), ErrorCode.UNAVAILABLE),
        (SoftTimeLimitExceeded(), ErrorCode.UNAVAILABLE),
        (ZeroDivisionError("ours"), ErrorCode.INTERNAL),
    ],
    ids=["said", "expired", "too slow", "defect"],
)
def test_an_error_fails_the_job_and_has_it_told(
    harness: TaskHarness, error: Exception, code: ErrorCode
) -> None:
    """Whatever a body raises ends in one reason and one reply, never in silence."""
    job_id = harness.fail_with(error)
    assert harness.state == "SUCCESS"
    told = seen(harness.ctx.jobs, job_id).error
    assert told is not None
    assert told.code is code
    assert harness.worker.task_names() == [TaskName.REPLY]
    assert harness.ctx.jobs.redis.zcard(LEASES) == 0


def test_what_a_person_is_told_is_the_errors_own_sentence(harness: TaskHarness) -> None:
    """It crosses Redis unchanged, and the first reason stands."""
    job_id = harness.fail_with(TOO_SHORT)
    harness.ctx.jobs.fail(job_id, errors.INTERNAL)
    told = seen(harness.ctx.jobs, job_id).error
    assert told is not None
    assert told.message == TOO_SHORT.message


def test_a_defect_is_logged_with_its_traceback(
    harness: TaskHarness, caplog: pytest.LogCaptureFixture
) -> None:
    """The user is told that it is not their fault; the log shows where it is."""
    harness.fail_with(ZeroDivisionError("ours"))
    (record,) = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


@pytest.mark.parametrize(
    "change",
    [{"schema_version": 2}, {"mood": "blue"}, {"schema_version": None}],
    ids=["newer", "more", "none"],
)
def test_a_message_of_another_release_fails_its_job(
    harness: TaskHarness, change: dict[str, Any]
) -> None:
    """What is not understood is not guessed at, and the user is told."""
    harness.task_name(lambda _own, _message: None)
    job_id = received(harness.ctx.jobs)
    message = JobMessage(job_id=job_id).wire() | change
    harness.app.send_task(
        TaskName.CONVERT.value, kwargs={"message": message}, queue=QueueName.SHORT.value
    )
    assert harness.worker.run(harness.worker.take()) == "SUCCESS"
    told = seen(harness.ctx.jobs, job_id).error
    assert told is not None
    assert told.code is ErrorCode.INTERNAL
    assert harness.runs == []
    assert harness.worker.task_names() == [TaskName.REPLY]


@pytest.mark.parametrize("message", [{}, {"job_id": "../../x"}, {"job_id": 5}, [], "x", None])
def test_a_message_that_names_no_job_is_dropped(harness: TaskHarness, message: object) -> None:
    """Nobody can be told; it must neither fail the worker nor send anything on."""
    harness.task_name(lambda _own, _message: None)
    harness.app.send_task(
        TaskName.CONVERT.value, kwargs={"message": message}, queue=QueueName.SHORT.value
    )
    assert harness.worker.run(harness.worker.take()) == "SUCCESS"
    assert harness.runs == []
    assert harness.worker.waiting() == []


def test_a_forgotten_job_is_left_alone(harness: TaskHarness, redis: Redis) -> None:
    """Its state has expired: the body does not run and nothing is written."""
    harness.task_name(lambda _own, _message: None)
    assert harness.worker.run(harness.send("0123456789abcdef01234567")) == "SUCCESS"
    assert harness.runs == []
    assert list(redis.scan_iter("genrebot:*")) == []


@pytest.mark.parametrize(("deaths", "runs"), [(0, 1), (2, 1), (3, 0), (4, 0)])
def test_a_task_that_keeps_killing_its_worker_is_given_up(
    harness: TaskHarness, deaths: int, runs: int
) -> None:
    """Three starts may end in a death; the fourth fails the job instead of a fourth worker."""
    harness.task_name(lambda _own, _message: None)
    job_id = received(harness.ctx.jobs)
    for _ in range(deaths):
        harness.ctx.jobs.begin_run(job_id, "genrebot.convert")
    assert harness.worker.run(harness.send(job_id)) == "SUCCESS"
    assert len(harness.runs) == runs
    told = seen(harness.ctx.jobs, job_id).error
    assert (told.code if told else None) == (None if runs else ErrorCode.CRASHED)


def test_deaths_are_counted_by_segment(harness: TaskHarness) -> None:
    """One segment's bad luck is not held against its neighbours."""
    harness.task_name(lambda _own, _message: None, TaskName.FEATURIZE)
    job_id = received(harness.ctx.jobs)
    for _ in range(3):
        harness.ctx.jobs.begin_run(job_id, "genrebot.featurize:0")
    harness.worker.run(harness.send(job_id, TaskName.FEATURIZE, segment=1))
    assert len(harness.runs) == 1


def test_a_second_run_that_fails_after_the_job_went_on_does_no_harm(harness: TaskHarness) -> None:
    """A worker that was frozen for a while wakes to a time limit; the job is done by then."""

    def overtaken(ctx: WorkerContext, message: JobMessage) -> None:
        ctx.jobs.advance(message.job_id, JobState.CLASSIFYING)
        raise SoftTimeLimitExceeded

    harness.task_name(overtaken)
    job_id = received(harness.ctx.jobs)
    harness.worker.run(harness.send(job_id))
    assert seen(harness.ctx.jobs, job_id).error is None
    assert harness.worker.waiting() == []


def test_what_is_written_after_the_end_does_not_stay(harness: TaskHarness, redis: Redis) -> None:
    """One segment fails the job while another is still being worked on."""

    def late(ctx: WorkerContext, message: JobMessage) -> None:
        ctx.jobs.advance(message.job_id, JobState.FAILED)
        ctx.blobs.put(message.job_id, "features-1", b"x")

    harness.task_name(late)
    harness.worker.run(harness.send(received(harness.ctx.jobs)))
    assert list(redis.scan_iter("genrebot:blob:*")) == []


def test_a_verdict_that_cannot_be_told_is_owned_up_to(harness: TaskHarness) -> None:
    """The reply itself fails: a second one says so, and if that fails too the job ends."""
    job_id = harness.fail_with(BlobMissingError("picture"), TaskName.REPLY)
    told = seen(harness.ctx.jobs, job_id).error
    assert told is not None
    assert told.message == errors.EXPIRED.message
    assert harness.worker.run(harness.worker.take()) == "SUCCESS"
    assert seen(harness.ctx.jobs, job_id).state is JobState.FAILED
    assert harness.worker.waiting() == []


@pytest.mark.parametrize(
    "error", [TransientError("away"), ZeroDivisionError()], ids=["away", "defect"]
)
def test_a_reply_that_fails_after_the_verdict_ends_the_job_well(
    harness: TaskHarness, redis: Redis, error: Exception
) -> None:
    """Only the clip is missing then: no apology is written over a verdict."""

    def body(ctx: WorkerContext, message: JobMessage) -> None:
        ctx.blobs.put(message.job_id, "clip", b"x")
        ctx.jobs.record(message.job_id, JobField.ANSWERED, "1")
        raise error

    harness.task_name(body, TaskName.REPLY)
    job_id = received(harness.ctx.jobs)
    harness.worker.run(harness.send(job_id, TaskName.REPLY), retries=errors.MAX_REPLY_RETRIES)
    view = seen(harness.ctx.jobs, job_id)
    assert (view.state, view.error) == (JobState.DONE, None)
    assert harness.worker.waiting() == []
    assert list(redis.scan_iter("genrebot:blob:*")) == []
