"""What a worker does besides tasks: start only when it can work, and look after the lost."""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from celery import Celery
from redis import Redis

from services.worker import lifecycle
from services.worker.context import WorkerContext, worker_context
from services.worker.dispatch.leases import LeasedTask, Leases
from shared.queue.tasks import QueueName, TaskName
from shared.store.heartbeat import HEARTBEAT_TTL_S
from shared.store.keys import LEASES, WORKERS, worker_heartbeat_key
from shared.store.throughput import WorkerPool
from tests.services.worker.manual_worker import ManualWorker

HOST = "worker7@here"
PROCESSES = 3


def _eventually(condition: Callable[[], object]) -> bool:
    for _ in range(100):
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def start(
    app: Celery, ctx: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], threading.Thread]:
    """Start sweeping, at short intervals; the thread that does."""
    assert ctx.leases is worker_context(app).leases
    monkeypatch.setattr(lifecycle, "SWEEPS_PER_LEASE", ctx.job_settings.lease_s / 0.05)
    before = set(threading.enumerate())

    def begin() -> threading.Thread:
        pool = SimpleNamespace(concurrency=PROCESSES)
        lifecycle.start_sweeping(SimpleNamespace(app=app, hostname=HOST, controller=pool))
        (thread,) = set(threading.enumerate()) - before
        return thread

    return begin


def test_a_worker_says_that_it_lives_and_brings_lost_tasks_back(
    start: Callable[[], threading.Thread], ctx: WorkerContext, redis: Redis, worker: ManualWorker
) -> None:
    """Its pulse expires by itself, and the lost task is in the queue again."""
    leased = LeasedTask(
        task_name=TaskName.REPLY, job_id="0" * 24, queue=QueueName.SHORT, limit_s=120
    )
    redis.zadd(LEASES, {leased.model_dump_json(): 1.0})
    thread = start()
    try:
        assert _eventually(lambda: worker.task_names() == [TaskName.REPLY])
        ttl = redis.ttl(worker_heartbeat_key(HOST))
        assert ttl == pytest.approx(HEARTBEAT_TTL_S, abs=2)
        pool = WorkerPool.of(cast("list[bytes]", redis.zrangebyscore(WORKERS, 0, "+inf")))
        assert pool == WorkerPool(PROCESSES, frozenset({ctx.version}))
    finally:
        lifecycle.stop_sweeping()
        thread.join(2)
    assert not thread.is_alive()
    assert not redis.exists(WORKERS), "a worker that stops counts no longer"


def test_the_sweep_survives_whatever_happens(
    start: Callable[[], threading.Thread],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its thread is the only one of its kind: an unforeseen error is logged, not fatal."""
    tries: list[int] = []

    def sweep(_leases: Leases, _app: Celery) -> int:
        tries.append(1)
        raise ZeroDivisionError

    monkeypatch.setattr(Leases, "sweep", sweep)
    thread = start()
    try:
        assert _eventually(lambda: len(tries) >= 3)
        assert thread.is_alive()
    finally:
        lifecycle.stop_sweeping()
        thread.join(2)
    assert any(record.levelno == logging.ERROR for record in caplog.records)


def test_a_worker_without_its_model_does_not_start(
    app: Celery, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Celery would swallow any other error here and go on to fail every job."""
    environment.setenv("GENREBOT_MODEL", str(tmp_path / "none.cbm"))
    with pytest.raises(SystemExit, match=r"none\.(cbm|json)"):
        lifecycle.warm_up(SimpleNamespace(app=app))


def test_a_worker_with_settings_that_do_not_work_does_not_start(
    app: Celery, environment: pytest.MonkeyPatch
) -> None:
    """The variable is named."""
    environment.setenv("GENREBOT_LEASE_S", "soon")
    with pytest.raises(SystemExit, match="lease_s"):
        lifecycle.warm_up(SimpleNamespace(app=app))


def test_a_warm_worker_has_its_model(app: Celery, environment: pytest.MonkeyPatch) -> None:
    """The parent has loaded what its children inherit."""
    del environment
    lifecycle.warm_up(SimpleNamespace(app=app))
    assert worker_context(app).model.name


def test_celery_logs_as_everything_else_does(capfd: pytest.CaptureFixture[str]) -> None:
    """One format, and no token: addresses in errors hold it."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        lifecycle.set_up_logging(loglevel=logging.WARNING)
        logging.getLogger("x").info("not shown")
        logging.getLogger("x").warning("at /bot123456:%s/getFile", "A" * 35)
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    shown = capfd.readouterr().err
    assert "WARNING x: at /bot123456:***/getFile" in shown
    assert "not shown" not in shown
