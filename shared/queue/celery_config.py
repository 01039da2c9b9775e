"""The queue: names of tasks and queues, and one Celery configuration for both of its ends.

The bot sends tasks by name and never imports a worker's module. Celery warns of a shared
broker on which the shortest visibility timeout wins, so both ends take it from here.
"""

import math
from enum import StrEnum
from typing import Any, Final

from celery import Celery
from kombu.entity import Queue

from shared.queue.messages import Message
from shared.settings import LimitSettings, RedisSettings

RESULT_EXPIRES_S: Final = 3600
"""Seconds that Celery keeps a task's result; ours are empty, the state is in the job."""

PUBLISH_RETRY: Final = {
    "max_retries": 3,
    "interval_start": 0.0,
    "interval_step": 0.2,
    "interval_max": 0.5,
}
"""How often a send is tried within one call; the caller decides whether to call again."""


class TaskName(StrEnum):
    """The tasks, by the name under which they are sent."""

    INGEST = "genrebot.ingest"
    CONVERT = "genrebot.convert"
    FEATURIZE = "genrebot.featurize"
    CLASSIFY = "genrebot.classify"
    REPLY = "genrebot.reply"


class QueueName(StrEnum):
    """The queues, by how much audio a track has still to do; shorter ones are served first."""

    SHORT = "genrebot.short"
    MEDIUM = "genrebot.medium"
    LONG = "genrebot.long"


HARD_LIMIT_BASE_S: Final = 120
"""Seconds any step may take, whatever the length of the track."""
HARD_LIMIT_PER_TRACK_SECOND: Final = 0.25
"""Further seconds for each second of music; decoding takes about 0.0015 of one."""
SOFT_LIMIT_SHARE: Final = 0.9
"""Part of the hard limit after which a step is told to give up."""
DOWNLOAD_BYTES_PER_S: Final = 50_000
"""Slowest download that is waited for, in bytes a second."""
VISIBILITY_MARGIN: Final = 1.5
"""How far the visibility timeout lies above the longest step."""


def step_limit_s(duration_s: float) -> int:
    """Hard time limit of a step on a track of some length, in seconds."""
    return math.ceil(HARD_LIMIT_BASE_S + HARD_LIMIT_PER_TRACK_SECOND * duration_s)


def download_limit_s(size: int) -> int:
    """Hard time limit for fetching ``size`` bytes, in seconds."""
    return math.ceil(HARD_LIMIT_BASE_S + size / DOWNLOAD_BYTES_PER_S)


def visibility_timeout_s(limits: LimitSettings) -> int:
    """Seconds until an unacknowledged task runs again: above the longest step there can be."""
    # A step that reads a large file may have to fetch it first.
    longest = step_limit_s(limits.max_duration) + download_limit_s(limits.max_file_size)
    return max(RESULT_EXPIRES_S, math.ceil(longest * VISIBILITY_MARGIN))


def broker_app(redis: RedisSettings, limits: LimitSettings) -> Celery:
    """Make a Celery application that knows the broker and no task."""
    url = redis.url.get_secret_value()
    transport = {
        "visibility_timeout": visibility_timeout_s(limits),
        "socket_connect_timeout": redis.connect_timeout_s,
        "socket_timeout": redis.socket_timeout_s,
        "socket_keepalive": True,
        "health_check_interval": 10,
    }
    app = Celery("genrebot", broker=url, backend=url, set_as_current=False)
    app.conf.update(
        accept_content=["json"],
        broker_connection_retry_on_startup=True,
        broker_connection_timeout=redis.connect_timeout_s,
        broker_transport_options=transport,
        result_accept_content=["json"],
        result_backend_transport_options=transport,
        result_expires=RESULT_EXPIRES_S,
        result_serializer="json",
        task_default_queue=QueueName.SHORT,
        task_ignore_result=True,
        task_queues=[Queue(queue.value, routing_key=queue.value) for queue in QueueName],
        task_send_sent_event=True,
        task_serializer="json",
        visibility_timeout=visibility_timeout_s(limits),
    )
    return app


def send(  # noqa: PLR0913 - each is one property of the message
    app: Celery,
    task_name: TaskName,
    message: Message,
    *,
    queue: QueueName,
    limit_s: int,
    countdown_s: float | None = None,
) -> None:
    """Put a step on the queue. Blocks while the server is away, within bounds.

    Args:
        app: from ``broker_app``.
        task_name: which task.
        message: what to do it on.
        queue: which queue.
        limit_s: hard time limit in seconds; the soft one follows.
        countdown_s: seconds to hold the step back.

    Raises:
        kombu.exceptions.OperationalError: the server cannot be reached.

    """
    options: dict[str, Any] = {} if countdown_s is None else {"countdown": countdown_s}
    app.send_task(
        task_name.value,
        kwargs={"message": message.wire()},
        queue=queue.value,
        routing_key=queue.value,
        time_limit=limit_s,
        soft_time_limit=math.floor(limit_s * SOFT_LIMIT_SHARE),
        retry=True,
        retry_policy=PUBLISH_RETRY,
        ignore_result=True,
        **options,
    )
