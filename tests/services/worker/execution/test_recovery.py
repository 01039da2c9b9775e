"""Lost jobs: those without a message or a lease are sent on, and no others."""

import json
import time
from collections.abc import Iterable
from typing import Any

import pytest
from redis import Redis

from services.worker.context import WorkerContext
from services.worker.dispatch.leases import LeasedTask
from services.worker.execution import recovery
from shared.domain.job_state import JobState
from shared.domain.plan import Plan
from shared.errors import AudioError, ErrorCode
from shared.queue.tasks import QueueName, TaskName
from shared.store.keys import RECOVERY_PAUSE, UNTRACED_JOBS
from tests.services.worker.manual_worker import ManualWorker
from tests.shared.samples import received, seen

PLAN = Plan.of(duration_s=300, n_chunks=100, segment_chunks=10, columns=12)


def _look_twice(ctx: WorkerContext, redis: Redis) -> int:
    """Two looks with a lease's length between them; what the second one sent on."""
    assert recovery.sweep(ctx) == 0
    _wait(ctx, redis)
    return recovery.sweep(ctx)


def _wait(ctx: WorkerContext, redis: Redis) -> None:
    """Let a lease's length pass for what has been seen so far."""
    redis.delete(RECOVERY_PAUSE)
    for job_id, first in redis.zrange(UNTRACED_JOBS, 0, -1, withscores=True):  # type: ignore[union-attr]
        redis.zadd(UNTRACED_JOBS, {job_id: first - ctx.job_settings.lease_s})


def _at(
    ctx: WorkerContext, state: JobState, *, plan: bool = False, done: Iterable[int] = ()
) -> str:
    job_id = received(ctx.jobs, file_size=1000)
    ctx.jobs.advance(job_id, state)
    if plan:
        ctx.jobs.segment_progress.commit_slice(job_id, 0, PLAN.n_segments, PLAN)
        ctx.jobs.segment_progress.slice_sent(job_id)
    for segment in done:
        ctx.jobs.segment_progress.complete_segment(job_id, segment)
    return job_id


@pytest.mark.parametrize(
    ("facts", "task_name"),
    [
        ({"state": JobState.RECEIVED}, TaskName.INGEST),
        ({"state": JobState.FETCHING}, TaskName.INGEST),
        ({"state": JobState.CONVERTING}, TaskName.CONVERT),
        ({"state": JobState.FEATURIZING, "plan": True, "done": range(10)}, TaskName.CLASSIFY),
        ({"state": JobState.CLASSIFYING, "plan": True, "done": range(10)}, TaskName.CLASSIFY),
        ({"state": JobState.REPLYING}, TaskName.REPLY),
    ],
)
def test_a_lost_job_is_sent_on_from_where_it_stands(
    ctx: WorkerContext,
    worker: ManualWorker,
    redis: Redis,
    facts: dict[str, Any],
    task_name: TaskName,
) -> None:
    """One message, for the task that it waits for."""
    job_id = _at(ctx, **facts)
    assert _look_twice(ctx, redis) == 1
    (sent,) = worker.waiting()
    assert (sent.task_name, sent.message["job_id"]) == (task_name, job_id)


def test_a_lost_segment_is_taken_up_at_its_first_open_segment(
    ctx: WorkerContext, worker: ManualWorker, redis: Redis
) -> None:
    """Of ten segments, eight in flight, 0, 8 and 3 are completed: the others are sent."""
    _at(ctx, JobState.FEATURIZING, plan=True, done=(0, 8, 3))
    _look_twice(ctx, redis)
    assert [sent.message["segment"] for sent in worker.waiting()] == [1, 2, 4, 5, 6, 7]


def test_a_job_that_has_failed_is_sent_to_its_reply(
    ctx: WorkerContext, worker: ManualWorker, redis: Redis
) -> None:
    """The reason is noted; only its telling was lost."""
    job_id = _at(ctx, JobState.CONVERTING)
    ctx.jobs.fail(job_id, AudioError(ErrorCode.SILENT, "Silent."))
    _look_twice(ctx, redis)
    assert worker.task_names() == [TaskName.REPLY]


def test_one_look_is_not_enough(ctx: WorkerContext, worker: ManualWorker, redis: Redis) -> None:
    """A message on its way from the queue to a worker is in neither for a moment."""
    _at(ctx, JobState.FETCHING)
    assert recovery.sweep(ctx) == 0
    redis.delete(RECOVERY_PAUSE)
    assert recovery.sweep(ctx) == 0
    assert worker.waiting() == []


def test_one_of_many_workers_looks(ctx: WorkerContext, worker: ManualWorker, redis: Redis) -> None:
    """The others find that it is not their turn."""
    _at(ctx, JobState.FETCHING)
    recovery.sweep(ctx)
    _wait(ctx, redis)
    assert [recovery.sweep(ctx) for _ in range(3)] == [1, 0, 0]
    assert len(worker.waiting()) == 1


def test_a_job_in_the_queue_waits_its_turn(
    ctx: WorkerContext, worker: ManualWorker, redis: Redis
) -> None:
    """However long that takes: nothing is added to a queue that is long already."""
    ctx.dispatcher.ingest(seen(ctx.jobs, _at(ctx, JobState.RECEIVED)))
    ctx.dispatcher.convert(_at(ctx, JobState.CONVERTING), None)
    assert _look_twice(ctx, redis) == 0
    assert [sent.queue for sent in worker.waiting()] == [QueueName.SHORT, QueueName.LONG]


def test_a_job_that_was_just_sent_on_is_left_alone(
    ctx: WorkerContext, worker: ManualWorker, redis: Redis
) -> None:
    """It is in the queue again, and that is a trace."""
    _at(ctx, JobState.FETCHING)
    assert _look_twice(ctx, redis) == 1
    for _ in range(3):
        _wait(ctx, redis)
        assert recovery.sweep(ctx) == 0
    assert len(worker.waiting()) == 1


def test_a_job_that_is_worked_on_is_left_alone(
    ctx: WorkerContext, worker: ManualWorker, redis: Redis
) -> None:
    """A lease tells, also that of a task that waits for its next try."""
    leased = LeasedTask(
        task_name=TaskName.INGEST,
        job_id=_at(ctx, JobState.FETCHING),
        queue=QueueName.SHORT,
        limit_s=120,
    )
    ctx.leases.postpone(leased, 60)
    assert _look_twice(ctx, redis) == 0
    assert worker.waiting() == []


@pytest.mark.parametrize(("age_s", "sent_on"), [(1, 0), (60, 1)])
def test_what_was_delivered_long_ago_without_a_lease_is_lost(
    ctx: WorkerContext, worker: ManualWorker, redis: Redis, age_s: float, sent_on: int
) -> None:
    """Its worker died, or lost Redis, between taking the message and taking the lease."""
    ctx.dispatcher.ingest(seen(ctx.jobs, _at(ctx, JobState.RECEIVED)))
    envelope = worker.take().envelope
    redis.hset(recovery.UNACKED, "tag", json.dumps([envelope, "", QueueName.SHORT.value]))
    redis.zadd(recovery.UNACKED_INDEX, {"tag": time.time() - age_s})
    assert _look_twice(ctx, redis) == sent_on
    assert len(worker.waiting()) == sent_on


def test_strangers_in_the_queue_do_no_harm(
    ctx: WorkerContext, worker: ManualWorker, redis: Redis
) -> None:
    """A message without a job, or of another program altogether, is passed over."""
    _at(ctx, JobState.FETCHING)
    ctx.dispatcher._app.send_task("x.y", args=[1], queue=QueueName.SHORT.value, ignore_result=True)
    redis.lpush(QueueName.LONG.value, "{}")
    assert _look_twice(ctx, redis) == 1
    redis.delete(QueueName.LONG.value)
    assert worker.take().headers["task"] == "x.y"
    assert worker.task_names() == [TaskName.INGEST]


def test_a_job_that_has_expired_is_taken_off_the_list(
    ctx: WorkerContext, worker: ManualWorker, redis: Redis
) -> None:
    """Its state is gone: there is nothing to send on, nor to look at again."""
    job_id = _at(ctx, JobState.FETCHING)
    redis.delete(f"genrebot:job:{job_id}")
    assert _look_twice(ctx, redis) == 0
    assert ctx.jobs.active() == []
    _wait(ctx, redis)
    recovery.sweep(ctx)
    assert not redis.exists(UNTRACED_JOBS)
    assert worker.waiting() == []
