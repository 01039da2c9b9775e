"""The frame around every step: what becomes of a body's errors."""

import logging
from typing import Any, cast

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from redis import Redis

from services.worker import runner
from services.worker.leases import LEASES
from services.worker.resources import Resources
from services.worker.runner import ANSWERED, TransientError
from shared.broker import Lane, Step
from shared.errors import AudioError, ErrorCode
from shared.messages import JobMessage, SegmentMessage
from shared.spool import BlobMissingError
from shared.stages import Stage
from tests.shared.samples import received, seen
from tests.worker.stand import Stand

TOO_SHORT = AudioError(ErrorCode.TOO_SHORT, "Send a second at least.")


@pytest.fixture
def redis(stand: Stand) -> Redis:
    """Client whose values are text."""
    return stand.own.jobs.redis


def test_a_body_gets_the_resources_and_its_message(stand: Stand, redis: Redis) -> None:
    """Afterwards there is neither a lease, nor a death on the count, nor another message."""
    job_id = received(stand.own.jobs)
    stand.step(lambda own, _: stand.runs.append(own), Step.FEATURIZE)
    assert stand.hand.run(stand.send(job_id, Step.FEATURIZE, segment=3)) == "SUCCESS"
    assert stand.runs == [SegmentMessage(job_id=job_id, segment=3), stand.own]
    assert redis.zcard(LEASES) == 0
    assert stand.own.jobs.fact(job_id, "open:genrebot.featurize:3") == "0"
    assert stand.hand.waiting() == []


def test_while_a_body_runs_its_lease_can_bring_the_same_task_back(stand: Stand) -> None:
    """The lease names step, segment, queue and limit."""

    def die(own: Resources, _: SegmentMessage) -> None:
        held = cast("list[str]", own.jobs.redis.zrange(LEASES, 0, -1))
        own.jobs.redis.zadd(LEASES, dict.fromkeys(held, 1.0))
        own.leases.sweep(stand.app)

    stand.step(die, Step.FEATURIZE)
    sent = stand.send(received(stand.own.jobs), Step.FEATURIZE, segment=3)
    stand.hand.run(sent)
    again = stand.hand.take()
    assert (again.step, again.kwargs) == (sent.step, sent.kwargs)
    assert (again.lane, again.limits) == (sent.lane, sent.limits) == (Lane.LONG, (200, 180))


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
    stand: Stand, error: Exception, code: ErrorCode
) -> None:
    """Whatever a body raises ends in one reason and one reply, never in silence."""
    job_id = stand.fail_with(error)
    assert stand.state == "SUCCESS"
    told = seen(stand.own.jobs, job_id).error
    assert told is not None
    assert told.code is code
    assert stand.hand.steps() == [Step.REPLY]
    assert stand.own.jobs.redis.zcard(LEASES) == 0


def test_what_a_person_is_told_is_the_errors_own_sentence(stand: Stand) -> None:
    """It crosses Redis unchanged, and the first reason stands."""
    job_id = stand.fail_with(TOO_SHORT)
    stand.own.jobs.fail(job_id, runner.INTERNAL)
    told = seen(stand.own.jobs, job_id).error
    assert told is not None
    assert told.message == TOO_SHORT.message


def test_a_defect_is_logged_with_its_traceback(
    stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    """The person hears that it is not theirs; we see where it is."""
    stand.fail_with(ZeroDivisionError("ours"))
    (record,) = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


@pytest.mark.parametrize(
    "change",
    [{"schema_version": 2}, {"mood": "blue"}, {"schema_version": None}],
    ids=["newer", "more", "none"],
)
def test_a_message_of_another_release_fails_its_job(stand: Stand, change: dict[str, Any]) -> None:
    """What is not understood is not guessed at, and the person is told."""
    stand.step(lambda _own, _message: None)
    job_id = received(stand.own.jobs)
    message = JobMessage(job_id=job_id).wire() | change
    stand.app.send_task(Step.CONVERT.value, kwargs={"message": message}, queue=Lane.SHORT.value)
    assert stand.hand.run(stand.hand.take()) == "SUCCESS"
    told = seen(stand.own.jobs, job_id).error
    assert told is not None
    assert told.code is ErrorCode.INTERNAL
    assert stand.runs == []
    assert stand.hand.steps() == [Step.REPLY]


@pytest.mark.parametrize("message", [{}, {"job_id": "../../x"}, {"job_id": 5}, [], "x", None])
def test_a_message_that_names_no_job_is_dropped(stand: Stand, message: object) -> None:
    """Nobody can be told; it must neither fail the worker nor send anything on."""
    stand.step(lambda _own, _message: None)
    stand.app.send_task(Step.CONVERT.value, kwargs={"message": message}, queue=Lane.SHORT.value)
    assert stand.hand.run(stand.hand.take()) == "SUCCESS"
    assert stand.runs == []
    assert stand.hand.waiting() == []


def test_a_forgotten_job_is_left_alone(stand: Stand, redis: Redis) -> None:
    """Its state has expired: the body does not run and nothing is written."""
    stand.step(lambda _own, _message: None)
    assert stand.hand.run(stand.send("0123456789abcdef01234567")) == "SUCCESS"
    assert stand.runs == []
    assert list(redis.scan_iter("genrebot:*")) == []


@pytest.mark.parametrize(("deaths", "runs"), [(0, 1), (2, 1), (3, 0), (4, 0)])
def test_a_step_that_keeps_killing_its_worker_is_given_up(
    stand: Stand, deaths: int, runs: int
) -> None:
    """Three starts may end in a death; the fourth fails the job instead of a fourth worker."""
    stand.step(lambda _own, _message: None)
    job_id = received(stand.own.jobs)
    for _ in range(deaths):
        stand.own.jobs.begin(job_id, "genrebot.convert")
    assert stand.hand.run(stand.send(job_id)) == "SUCCESS"
    assert len(stand.runs) == runs
    told = seen(stand.own.jobs, job_id).error
    assert (told.code if told else None) == (None if runs else ErrorCode.CRASHED)


def test_deaths_are_counted_by_segment(stand: Stand) -> None:
    """One segment's bad luck is not held against its neighbours."""
    stand.step(lambda _own, _message: None, Step.FEATURIZE)
    job_id = received(stand.own.jobs)
    for _ in range(3):
        stand.own.jobs.begin(job_id, "genrebot.featurize:0")
    stand.hand.run(stand.send(job_id, Step.FEATURIZE, segment=1))
    assert len(stand.runs) == 1


def test_a_second_run_that_fails_after_the_job_went_on_does_no_harm(stand: Stand) -> None:
    """A worker that was frozen for a while wakes to a time limit; the job is done by then."""

    def overtaken(own: Resources, message: JobMessage) -> None:
        own.jobs.advance(message.job_id, Stage.CLASSIFYING)
        raise SoftTimeLimitExceeded

    stand.step(overtaken)
    job_id = received(stand.own.jobs)
    stand.hand.run(stand.send(job_id))
    assert seen(stand.own.jobs, job_id).error is None
    assert stand.hand.waiting() == []


def test_what_is_written_after_the_end_does_not_stay(stand: Stand, redis: Redis) -> None:
    """One segment fails the job while another is still being worked on."""

    def late(own: Resources, message: JobMessage) -> None:
        own.jobs.advance(message.job_id, Stage.FAILED)
        own.spool.put(message.job_id, "features-1", b"x")

    stand.step(late)
    stand.hand.run(stand.send(received(stand.own.jobs)))
    assert list(redis.scan_iter("genrebot:spool:*")) == []


def test_a_verdict_that_cannot_be_told_is_owned_up_to(stand: Stand) -> None:
    """The reply itself fails: a second one says so, and if that fails too the job ends."""
    job_id = stand.fail_with(BlobMissingError("picture"), Step.REPLY)
    told = seen(stand.own.jobs, job_id).error
    assert told is not None
    assert told.message == runner.LOST.message
    assert stand.hand.run(stand.hand.take()) == "SUCCESS"
    assert seen(stand.own.jobs, job_id).stage is Stage.FAILED
    assert stand.hand.waiting() == []


@pytest.mark.parametrize(
    "error", [TransientError("away"), ZeroDivisionError()], ids=["away", "defect"]
)
def test_a_reply_that_fails_after_the_verdict_ends_the_job_well(
    stand: Stand, redis: Redis, error: Exception
) -> None:
    """Only the clip is missing then: no apology is written over a verdict."""

    def body(own: Resources, message: JobMessage) -> None:
        own.spool.put(message.job_id, "clip", b"x")
        own.jobs.record(message.job_id, ANSWERED, "1")
        raise error

    stand.step(body, Step.REPLY)
    job_id = received(stand.own.jobs)
    stand.hand.run(stand.send(job_id, Step.REPLY), retries=runner.MAX_REPLY_RETRIES)
    view = seen(stand.own.jobs, job_id)
    assert (view.stage, view.error) == (Stage.DONE, None)
    assert stand.hand.waiting() == []
    assert list(redis.scan_iter("genrebot:spool:*")) == []
