"""A worker without processes: takes messages off the real queues, one by one.

Each is run through Celery's own tracer with the request that its headers describe, so
retries, rejections and time limits are what a worker would see; only the processes and
their timing are missing.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, cast

from celery import Celery
from celery.app.trace import build_tracer
from redis import Redis

from shared.queue.tasks import QueueName, TaskName

MAX_TASKS = 500
"""Messages after which a queue that does not empty counts as a runaway."""


@dataclass(frozen=True)
class Sent:
    """A message as it lies in the queue."""

    queue: QueueName
    envelope: dict[str, Any]

    @classmethod
    def of(cls, queue: QueueName, raw: bytes) -> Self:
        """Read what Celery has written."""
        return cls(queue, json.loads(raw))

    @property
    def headers(self) -> dict[str, Any]:
        """Everything but the arguments."""
        return cast("dict[str, Any]", self.envelope["headers"])

    @property
    def task_name(self) -> TaskName:
        """Which task."""
        return TaskName(self.headers["task"])

    @property
    def kwargs(self) -> dict[str, Any]:
        """The task's arguments."""
        args, kwargs, _ = json.loads(base64.b64decode(self.envelope["body"]))
        assert not args
        return cast("dict[str, Any]", kwargs)

    @property
    def message(self) -> dict[str, Any]:
        """The task's argument."""
        return cast("dict[str, Any]", self.kwargs["message"])

    @property
    def limits(self) -> tuple[int, int]:
        """Hard and soft time limit in seconds."""
        hard, soft = self.headers["timelimit"]
        return hard, soft

    @property
    def eta(self) -> datetime | None:
        """When it may start, where it is held back."""
        eta = self.headers["eta"]
        return datetime.fromisoformat(eta) if eta else None


class ManualWorker:
    """Runs what an application has in its queues.

    Args:
        app: whose tasks.
        redis: client of the same server; values are bytes.

    """

    def __init__(self, app: Celery, redis: Redis) -> None:
        self._app = app
        self._redis = redis

    def waiting(self) -> list[Sent]:
        """Everything in the queues, the oldest first, the short queue before the long one."""
        return [
            Sent.of(queue, raw)
            for queue in QueueName
            for raw in reversed(cast("list[bytes]", self._redis.lrange(queue.value, 0, -1)))
        ]

    def task_names(self) -> list[TaskName]:
        """What the queues hold, as ``waiting`` orders it."""
        return [sent.task_name for sent in self.waiting()]

    def take(self) -> Sent:
        """Take the oldest message off the first queue that has one."""
        for queue in QueueName:
            raw = cast("bytes | None", self._redis.rpop(queue.value))
            if raw is not None:
                return Sent.of(queue, raw)
        raise LookupError("the queues are empty")

    def run(self, sent: Sent, **request: Any) -> str:
        """Run a message as a worker would; the state that Celery gives the task.

        Args:
            sent: the message.
            request: headers to change, such as ``retries=8``.

        """
        task = self._app.tasks[sent.task_name.value]
        tracer = build_tracer(task.name, task, app=self._app)
        headers = {
            **sent.headers,
            "delivery_info": sent.envelope["properties"]["delivery_info"],
            "hostname": "worker@tests",
            "is_eager": False,
            "args": (),
            "kwargs": sent.kwargs,
            **request,
        }
        info = tracer(sent.headers["id"], (), sent.kwargs, headers)[1]
        return "SUCCESS" if info is None else str(info.state)

    def drain(self, times: int = 1) -> list[Sent]:
        """Run until the queues are empty, each message ``times`` times; all that was run."""
        return list(self._each(times))

    def _each(self, times: int) -> Iterator[Sent]:
        for _ in range(MAX_TASKS):
            if not self.waiting():
                return
            sent = self.take()
            for _ in range(times):
                assert self.run(sent) == "SUCCESS", sent.task_name
            yield sent
        raise AssertionError("the queues do not empty")
