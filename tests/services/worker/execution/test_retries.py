"""What may pass: tried again with pauses, never lost in between, and not for ever."""

import math
from datetime import UTC, datetime
from typing import cast

import pytest
from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import LockError

from services.worker.context import WorkerContext
from services.worker.execution import errors
from shared.domain.job_state import JobState
from shared.errors import TransientError
from shared.queue.messages import JobMessage
from shared.queue.tasks import QueueName, TaskName
from shared.store.keys import LEASES
from tests.services.worker.task_harness import TaskHarness
from tests.shared.samples import received, seen


@pytest.fixture
def redis(harness: TaskHarness) -> Redis:
    """Client whose values are text."""
    return harness.ctx.jobs.redis


@pytest.mark.parametrize(
    "error",
    [
        TransientError("busy"),
        RedisConnectionError("away"),
        LockError("held"),  # type: ignore[no-untyped-call]
        OperationalError("away"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_may_pass_is_tried_again_after_a_pause(harness: TaskHarness, error: Exception) -> None:
    """The same message goes back with the same queue and limits, and the job goes on."""
    job_id = harness.fail_with(error)
    assert harness.state == "RETRY"
    (again,) = harness.worker.waiting()
    assert again.message == {"schema_version": 1, "job_id": job_id}
    assert (again.queue, again.limits) == (QueueName.LONG, (200, 180))
    assert again.headers["retries"] == 1
    assert again.eta is not None
    assert (again.eta - datetime.now(UTC)).total_seconds() == pytest.approx(2, abs=0.5)
    assert seen(harness.ctx.jobs, job_id).error is None
    assert harness.ctx.jobs.fact(job_id, "unfinished_runs:genrebot.convert") == "0"


@pytest.mark.parametrize(
    ("retries", "named", "pause"),
    [(0, None, 2), (3, None, 16), (5, None, 64), (7, None, 120), (3, 41.0, 41)],
)
def test_pauses_double_up_to_two_minutes_unless_the_other_side_names_one(
    harness: TaskHarness, retries: int, named: float | None, pause: float
) -> None:
    """Telegram's retry_after goes before our own idea of patience."""
    harness.fail_with(TransientError("busy", named), retries=retries)
    eta = harness.worker.take().eta
    assert eta is not None
    assert (eta - datetime.now(UTC)).total_seconds() == pytest.approx(pause, abs=0.5)


def test_a_task_that_waits_for_its_next_try_is_not_taken_for_lost(
    harness: TaskHarness, redis: Redis
) -> None:
    """Its lease reaches beyond the pause."""
    harness.fail_with(TransientError("busy", 500.0))
    ((_, runs_out),) = cast("list[tuple[str, float]]", redis.zrange(LEASES, 0, -1, withscores=True))
    ahead = runs_out - datetime.now(UTC).timestamp()
    assert ahead == pytest.approx(500 + harness.ctx.job_settings.lease_s, abs=1)


def test_patience_ends(harness: TaskHarness) -> None:
    """After the last try the user is told that the file could not be fetched."""
    job_id = harness.fail_with(TransientError("busy"), retries=errors.MAX_RETRIES)
    assert harness.state == "SUCCESS"
    told = seen(harness.ctx.jobs, job_id).error
    assert told is not None
    assert told.message == errors.UNREACHABLE.message
    assert harness.worker.task_names() == [TaskName.REPLY]


def test_a_retry_that_cannot_be_published_comes_back_by_its_lease(
    harness: TaskHarness, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis went away in between; that is no death of a worker either."""

    def fail(_own: WorkerContext, _message: JobMessage) -> None:
        raise TransientError("busy")

    def refuse(*_: object, **__: object) -> None:
        raise OperationalError

    harness.task_name(fail)
    job_id = received(harness.ctx.jobs)
    sent = harness.send(job_id)
    monkeypatch.setattr("celery.canvas.Signature.apply_async", refuse)
    assert harness.worker.run(sent) == "REJECTED"
    assert redis.zcard(LEASES) == 1
    assert harness.ctx.jobs.fact(job_id, "unfinished_runs:genrebot.convert") == "0"


def test_a_task_without_a_lease_goes_back_to_the_queue(
    harness: TaskHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis was away just then: run without a lease and acknowledged, it could be lost."""
    harness.task_name(lambda _own, _message: None)
    sent = harness.send(received(harness.ctx.jobs))

    def away(*_: object, **__: object) -> None:
        raise RedisConnectionError

    monkeypatch.setattr(harness.ctx.leases, "_extend", away)
    assert harness.worker.run(sent) == "REJECTED"
    assert harness.runs == []


def test_a_reply_waits_longer_than_other_tasks(harness: TaskHarness) -> None:
    """Its verdict is worth an hour of Telegram's absence; then the job ends without a word."""
    harness.fail_with(TransientError("away"), TaskName.REPLY, retries=errors.MAX_RETRIES)
    assert harness.state == "RETRY"
    minutes = sum(
        min(errors.LONGEST_PAUSE_S, errors.FIRST_PAUSE_S * 2**n)
        for n in range(errors.MAX_REPLY_RETRIES)
    )
    assert math.floor(minutes / 60) >= 60
    harness.worker.take()
    job_id = harness.fail_with(
        TransientError("away"), TaskName.REPLY, retries=errors.MAX_REPLY_RETRIES
    )
    assert seen(harness.ctx.jobs, job_id).state is JobState.FAILED
    assert harness.worker.waiting() == []
