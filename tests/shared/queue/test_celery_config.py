"""The queue's one configuration, and what a sent task carries."""

import base64
import json
from collections.abc import Iterator
from typing import Any, cast

import pytest
from celery import Celery
from kombu.exceptions import OperationalError
from pydantic import SecretStr
from redis import Redis

from shared.queue.celery_config import RESULT_EXPIRES_S, broker_app
from shared.queue.messages import SegmentMessage
from shared.queue.sending import send
from shared.queue.tasks import (
    DOWNLOAD_BYTES_PER_S,
    QueueName,
    TaskName,
    download_limit_s,
    task_limit_s,
    visibility_timeout_s,
)
from shared.settings import LimitSettings, RedisSettings

MESSAGE = SegmentMessage(job_id="0" * 24, segment=3)


@pytest.fixture
def app(redis_settings: RedisSettings) -> Iterator[Celery]:
    """An application on an empty server."""
    made = broker_app(redis_settings, LimitSettings())
    yield made
    made.close()


@pytest.fixture
def redis(redis_settings: RedisSettings) -> Iterator[Redis]:
    """Client of the same server."""
    with Redis.from_url(redis_settings.url.get_secret_value()) as client:
        yield client


def queued(redis: Redis, queue: QueueName) -> list[dict[str, Any]]:
    """Return the messages in a queue."""
    return [json.loads(raw) for raw in cast("list[bytes]", redis.lrange(queue, 0, -1))]


def test_limits_grow_with_the_track() -> None:
    """Longer tracks and larger files get more time, and the shortest still get enough."""
    assert task_limit_s(0) == download_limit_s(0) == 120
    assert task_limit_s(10_800) == 2820
    assert download_limit_s(20_000_000) == 120 + 20_000_000 / DOWNLOAD_BYTES_PER_S
    assert isinstance(task_limit_s(1.3), int)


@pytest.mark.parametrize("duration", [60.0, 10_800.0, 86_400.0])
@pytest.mark.parametrize("size", [1_000, 20_000_000, 2_000_000_000])
def test_nothing_is_redelivered_while_it_runs(duration: float, size: int) -> None:
    """The visibility timeout is longer than the hard limit of every task."""
    limits = LimitSettings(max_duration=duration, max_file_size=size)
    visible = visibility_timeout_s(limits)
    assert visible > task_limit_s(duration)
    assert visible > download_limit_s(size)
    assert visible >= RESULT_EXPIRES_S


def test_both_ends_agree_on_visibility(app: Celery) -> None:
    """Celery looks in three places; all say the same."""
    expected = visibility_timeout_s(LimitSettings())
    assert app.conf.visibility_timeout == expected
    assert app.conf.broker_transport_options["visibility_timeout"] == expected
    assert app.conf.result_backend_transport_options["visibility_timeout"] == expected


@pytest.mark.parametrize("queue", list(QueueName))
def test_a_task_carries_its_limits(app: Celery, redis: Redis, queue: QueueName) -> None:
    """Name, arguments, both time limits and the queue are in the message itself."""
    send(app, TaskName.FEATURIZE, MESSAGE, queue=queue, limit_s=1000)
    [message] = queued(redis, queue)
    headers = message["headers"]
    assert headers["task"] == "genrebot.featurize"
    assert headers["timelimit"] == [1000, 900]
    assert headers["ignore_result"] is True
    assert headers["eta"] is None
    assert message["content-type"] == "application/json"
    args, kwargs, _ = json.loads(base64.b64decode(message["body"]))
    assert (args, kwargs) == ([], {"message": MESSAGE.wire()})
    assert not any(queued(redis, other) for other in set(QueueName) - {queue})


def test_an_unreachable_server_is_reported_soon() -> None:
    """A send does not hang if no server answers."""
    away = RedisSettings(url=SecretStr("redis://127.0.0.1:1/0"), connect_timeout_s=0.2)
    app = broker_app(away, LimitSettings())
    with pytest.raises(OperationalError):
        send(app, TaskName.INGEST, MESSAGE, queue=QueueName.SHORT, limit_s=120)
    app.close()
