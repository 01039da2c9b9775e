"""What the workers tell of themselves."""

import time
from collections.abc import Callable
from typing import cast

import pytest
from pydantic import SecretStr
from redis import Redis

from shared.queue.tasks import TaskName
from shared.settings import RedisSettings
from shared.store.heartbeat import HEARTBEAT_TTL_S
from shared.store.jobs import JobStore
from shared.store.keys import COSTS, WORKERS
from shared.store.redis_client import connect
from shared.store.throughput import (
    GUESS_FIXED_S,
    GUESS_PER_SECOND,
    CostRecorder,
    Speed,
    WorkerPool,
    WorkerRegistration,
)


@pytest.fixture
def redis(jobs: JobStore) -> Redis:
    """Client whose values are text."""
    return jobs.redis


@pytest.fixture
def work(redis: Redis) -> Callable[[int, float, float], Speed]:
    """Let some jobs of a minute each be done at some speed; the speed as it is known then."""
    meter = CostRecorder(redis)

    def do(number: int, fixed_s: float, per_second: float) -> Speed:
        for _ in range(number):
            meter.took(TaskName.INGEST, fixed_s / 4)
            meter.took(TaskName.CONVERT, 6 * per_second)
            for _ in range(2):
                meter.featurized(30)
                meter.took(TaskName.FEATURIZE, 27 * per_second)
            meter.took(TaskName.CLASSIFY, fixed_s / 2)
            meter.took(TaskName.REPLY, fixed_s / 4)
        return Speed.of(_sums(redis))

    return do


def test_before_anything_is_measured_there_is_a_guess() -> None:
    """A machine of two busy cores."""
    known = Speed.of({})
    assert known.fixed_s == pytest.approx(GUESS_FIXED_S)
    assert known.per_second == pytest.approx(GUESS_PER_SECOND)


@pytest.mark.parametrize("times", [0.2, 5])
def test_a_measurement_soon_replaces_the_guess(
    work: Callable[[int, float, float], Speed], times: float
) -> None:
    """Ten jobs bring it within a fifth of the truth, on a machine much faster or slower."""
    speed = work(10, GUESS_FIXED_S * times, GUESS_PER_SECOND * times)
    assert speed.fixed_s == pytest.approx(GUESS_FIXED_S * times, rel=0.45)
    assert speed.per_second == pytest.approx(GUESS_PER_SECOND * times, rel=0.25)
    speed = work(60, GUESS_FIXED_S * times, GUESS_PER_SECOND * times)
    assert speed.fixed_s == pytest.approx(GUESS_FIXED_S * times, rel=0.2)


def test_what_was_long_ago_is_forgotten(work: Callable[[int, float, float], Speed]) -> None:
    """A machine that has become three times slower is known as such after some tracks."""
    work(60, 1.0, 0.02)
    speed = work(45, 3.0, 0.06)
    assert speed.fixed_s == pytest.approx(3.0, rel=0.15)
    assert speed.per_second == pytest.approx(0.06, rel=0.15)


def test_a_task_that_fails_has_cost_its_time_all_the_same(redis: Redis) -> None:
    """It has kept a process busy, and the error goes on its way."""

    @CostRecorder(redis).timed(TaskName.INGEST)
    def fail() -> None:
        time.sleep(0.02)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert 0.02 <= float(_sums(redis)["fixed"]) < 1


def test_a_server_that_is_away_costs_a_measurement_and_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Statistics fail no task."""
    caplog.set_level("INFO")
    nobody = RedisSettings(url=SecretStr("redis://127.0.0.1:1"), connect_timeout_s=0.1)
    CostRecorder(connect(nobody, text=True)).featurized(3)
    assert "a measurement is lost" in caplog.text


def test_workers_are_counted_while_they_are_there(redis: Redis) -> None:
    """By name: one that tells it again is one; one that falls silent or leaves is none."""
    one, two = WorkerRegistration("one", 2, "v1"), WorkerRegistration("two", 4, "v2")
    for post in (one, one, two):
        post.announce(redis)
    assert _crew(redis) == WorkerPool(6, frozenset({"v1", "v2"}))
    two.withdraw(redis)
    assert _crew(redis) == WorkerPool(2, frozenset({"v1"}))
    assert _crew(redis, later_s=HEARTBEAT_TTL_S + 1) == WorkerPool()
    assert 0 < cast("int", redis.ttl(WORKERS)) <= HEARTBEAT_TTL_S


def test_what_another_release_tells_is_passed_over() -> None:
    """It must not hide the others."""
    members = ["2", "[]", '{"name": "x"}', '{"name": "y", "processes": 3, "version": "v"}']
    assert WorkerPool.of(members) == WorkerPool(3, frozenset({"v"}))


def _sums(redis: Redis) -> dict[str, str]:
    return cast("dict[str, str]", redis.hgetall(COSTS))


def _crew(redis: Redis, later_s: float = 0) -> WorkerPool:
    told = redis.zrangebyscore(WORKERS, time.time() + later_s, "+inf")
    return WorkerPool.of(cast("list[str]", told))
