"""Leases: a task whose worker died comes back, once, and no other does."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from celery import Celery
from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from services.worker.context import WorkerContext
from services.worker.dispatch.leases import LeasedTask, Leases
from shared.queue.tasks import QueueName, TaskName
from shared.settings import RedisSettings
from shared.store.keys import LEASES
from shared.store.redis_client import connect
from tests.services.worker.manual_worker import ManualWorker

LEASED = LeasedTask(
    task_name=TaskName.FEATURIZE,
    job_id="0123456789abcdef01234567",
    segment=4,
    queue=QueueName.LONG,
    limit_s=128,
)
MEMBER = LEASED.model_dump_json()


@pytest.fixture
def text(redis_settings: RedisSettings) -> Iterator[Redis]:
    """Client whose values are text."""
    client = connect(redis_settings, text=True)
    yield client
    client.close()


def _dead(text: Redis, member: str = MEMBER) -> None:
    """Leave a lease behind as a worker does that is no more."""
    text.zadd(LEASES, {member: time.time() - 1})


def _left_s(text: Redis) -> float:
    score = text.zscore(LEASES, MEMBER)
    assert isinstance(score, float)
    return score - time.time()


def test_a_lease_is_renewed_for_as_long_as_the_body_runs(text: Redis) -> None:
    """Several lengths later it still lies ahead of now."""
    with Leases(text, 0.3).hold(LEASED):
        for _ in range(8):
            time.sleep(0.1)
            assert _left_s(text) > 0


def test_a_lease_ends_with_its_body(text: Redis) -> None:
    """Success leaves nothing, neither a lease nor a thread."""
    threads = threading.active_count()
    with Leases(text, 20).hold(LEASED):
        assert text.zcard(LEASES) == 1
        assert threading.active_count() == threads + 1
    assert text.zcard(LEASES) == 0
    assert threading.active_count() == threads


def test_a_lease_outlives_a_body_that_raises(text: Redis) -> None:
    """Nobody renews it, so the task comes back."""
    with pytest.raises(RuntimeError), Leases(text, 0.2).hold(LEASED):
        raise RuntimeError
    assert text.zcard(LEASES) == 1
    time.sleep(0.25)
    assert _left_s(text) < 0


def test_a_renewal_that_fails_is_made_up_for(text: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis may be away for a moment: neither the body nor the lease comes to harm."""
    leases = Leases(text, 0.4)
    extend, failures = leases._extend, iter([RedisConnectionError("gone")] * 2)

    def flaky(member: str, seconds: float, *, only_later: bool = True) -> None:
        if only_later and (error := next(failures, None)):
            raise error
        extend(member, seconds, only_later=only_later)

    monkeypatch.setattr(leases, "_extend", flaky)
    with leases.hold(LEASED):
        time.sleep(0.6)
        assert next(failures, None) is None
        assert _left_s(text) > 0


def test_a_run_that_ends_does_not_take_a_second_runs_lease(text: Redis) -> None:
    """Two workers may be at one task; the slower one counts as alive to its end."""
    with Leases(text, 0.4).hold(LEASED):
        with Leases(text, 0.4).hold(LEASED):
            pass
        time.sleep(0.3)
        assert _left_s(text) > 0


def test_a_lost_task_is_sent_again_as_it_was(
    ctx: WorkerContext, worker: ManualWorker, text: Redis
) -> None:
    """Same task, message, queue and time limit."""
    _dead(text)
    assert ctx.leases.sweep(ctx.dispatcher._app) == 1
    (sent,) = worker.waiting()
    assert sent.task_name is TaskName.FEATURIZE
    assert sent.message == {"schema_version": 1, "job_id": LEASED.job_id, "segment": 4}
    assert sent.queue is QueueName.LONG
    assert sent.limits == (128, 115)


def test_of_many_sweepers_one_sends(
    app: Celery, ctx: WorkerContext, worker: ManualWorker, text: Redis
) -> None:
    """All workers sweep; eight of them at the same instant make eight tasks of eight."""
    members = [LEASED.model_copy(update={"segment": n}).model_dump_json() for n in range(8)]
    for member in members:
        _dead(text, member)
    start = threading.Barrier(8)

    def sweep(_: int) -> int:
        start.wait(5)
        return ctx.leases.sweep(app)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(sweep, range(8))) == 8
    assert sorted(sent.message["segment"] for sent in worker.waiting()) == list(range(8))


def test_a_task_that_waits_in_the_queue_again_is_not_sent_once_more(
    app: Celery, worker: ManualWorker, text: Redis
) -> None:
    """However long the queue is: else every sweep would add another copy."""
    leases = Leases(text, 0.1)
    _dead(text)
    assert leases.sweep(app) == 1
    time.sleep(0.15)
    assert leases.sweep(app) == 0
    assert len(worker.waiting()) == 1


def test_a_task_that_was_taken_up_again_keeps_its_new_lease(
    app: Celery, worker: ManualWorker, text: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker may start it before the sweeper has put the old lease away."""
    leases = Leases(text, 20)
    _dead(text)
    holds = leases.hold(LEASED)
    monkeypatch.setattr("services.worker.dispatch.leases.send", lambda *_, **__: holds.__enter__())
    assert leases.sweep(app) == 1
    assert _left_s(text) > 0
    holds.__exit__(None, None, None)
    assert worker.waiting() == []


def test_a_sweep_that_cannot_send_leaves_the_task_to_the_next(
    app: Celery, worker: ManualWorker, text: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweeper itself may be cut off between finding a task and sending it."""
    leases = Leases(text, 0.1)
    _dead(text)

    def refuse(*_: object, **__: object) -> None:
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr("services.worker.dispatch.leases.send", refuse)
        with pytest.raises(OperationalError):
            leases.sweep(app)
    assert leases.sweep(app) == 0
    time.sleep(0.15)
    assert leases.sweep(app) == 1
    assert len(worker.waiting()) == 1


def test_live_and_postponed_tasks_are_left_alone(
    app: Celery, worker: ManualWorker, text: Redis
) -> None:
    """A task that waits for its next try counts as alive until after that, and no longer."""
    leases = Leases(text, 0.1)
    with leases.hold(LEASED):
        assert leases.sweep(app) == 0
    leases.postpone(LEASED, 0.3)
    time.sleep(0.2)
    assert leases.sweep(app) == 0
    time.sleep(0.3)
    assert leases.sweep(app) == 1
    assert len(worker.waiting()) == 1


def test_a_lease_of_a_task_unknown_here_does_not_stop_the_sweep(
    app: Celery, worker: ManualWorker, text: Redis
) -> None:
    """While releases change, a newer worker may die beside us: its lease is left to its like."""
    foreign = MEMBER.replace("genrebot.featurize", "genrebot.master")
    _dead(text, foreign)
    _dead(text)
    assert Leases(text, 20).sweep(app) == 1
    assert [sent.task_name for sent in worker.waiting()] == [TaskName.FEATURIZE]
    assert text.zscore(LEASES, foreign) is not None
