"""Dead letters: what cannot be understood is set aside and counted, without end or secrets."""

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from celery import Celery
from redis import Redis

from services.worker import lifecycle
from services.worker.context import WorkerContext
from services.worker.dispatch.dead_letters import MAX_CHARACTERS, MAX_KEPT, DeadLetters
from shared.queue.tasks import QueueName, TaskName
from shared.store.keys import DEAD_LETTER_COUNT, DEAD_LETTERS
from tests.services.worker.task_harness import TaskHarness
from tests.shared.samples import received


def _letters(redis: Redis) -> list[dict[str, Any]]:
    return [json.loads(raw) for raw in cast("list[bytes]", redis.lrange(DEAD_LETTERS, 0, -1))]


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"job_id": "../../x"},
        {"job_id": 5},
        [],
        "x",
        None,
        {"schema_version": 2},
        {"a": "x" * 9999},
    ],
)
def test_a_malformed_message_is_set_aside(harness: TaskHarness, message: object) -> None:
    """The worker goes on; an operator sees the task, the reason and the message."""
    harness.task_name(lambda _ctx, _message: None)
    harness.app.send_task(
        TaskName.CONVERT.value, kwargs={"message": message}, queue=QueueName.SHORT.value
    )
    assert harness.worker.run(harness.worker.take()) == "SUCCESS"
    assert harness.ctx.dead_letters.count() == 1
    (letter,) = _letters(harness.ctx.blobs.redis)
    assert letter["task"] == TaskName.CONVERT
    assert letter["message"] == repr(message)[:MAX_CHARACTERS]
    assert letter["reason"]


def test_a_sound_message_is_not(harness: TaskHarness) -> None:
    """Nothing is counted."""
    harness.task_name(lambda _ctx, _message: None)
    harness.worker.run(harness.send(received(harness.ctx.jobs)))
    assert harness.ctx.dead_letters.count() == 0


def test_only_the_last_ones_are_kept(ctx: WorkerContext, redis: Redis) -> None:
    """All are counted; and all of it expires."""
    for number in range(MAX_KEPT + 20):
        ctx.dead_letters.add("x", number, "odd")
    assert ctx.dead_letters.count() == MAX_KEPT + 20
    letters = _letters(redis)
    assert [letters[0]["message"], letters[-1]["message"]] == [str(MAX_KEPT + 19), "20"]
    assert len(letters) == MAX_KEPT
    assert cast("int", redis.ttl(DEAD_LETTERS)) > 0
    assert cast("int", redis.ttl(DEAD_LETTER_COUNT)) > 0
    assert DeadLetters(redis).count() == MAX_KEPT + 20


def test_a_task_that_celery_does_not_know_is_set_aside(
    app: Celery, ctx: WorkerContext, redis: Redis
) -> None:
    """Celery drops such messages in the parent process, which tells us by a signal."""
    lifecycle.set_aside(
        sender=SimpleNamespace(app=app),
        message=SimpleNamespace(body=b"W10="),
        exc=KeyError("genrebot.nonsense"),
        name="genrebot.nonsense",
    )
    assert ctx.dead_letters.count() == 1
    assert _letters(redis)[0]["task"] == "genrebot.nonsense"
