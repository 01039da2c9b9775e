"""Tasks for unknown jobs, which do nothing, with the times of Celery's events."""

import secrets
import threading
import time
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from devtools.bench.deployment import Deployment
from shared.queue.celery_config import broker_app
from shared.queue.messages import JobMessage
from shared.queue.sending import send
from shared.queue.tasks import QueueName, TaskName
from shared.settings import LimitSettings

LIMIT_S: Final = 180
"""Seconds until an unfinished task counts as lost; a worker may have to start first."""
LISTEN_S: Final = 0.5


class TaskTimes(NamedTuple):
    """When a task was sent, started and ended, in seconds since the epoch."""

    sent: float
    started: float
    ended: float


class TrivialTasks:
    """Sends tasks for unknown jobs: the worker takes a lease, finds no job, and ends.

    Times of start and end are from Celery's events. Use it as a context manager.
    """

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._app = broker_app(deployment.settings, LimitSettings())
        self._began: list[float] = []
        self._ended: list[float] = []
        self._ready, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._listen, name="events")

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(LIMIT_S)
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        self._app.close()

    def run(self) -> TaskTimes:
        """Send one task and wait for its end.

        Raises:
            BrokenError: it does not end.

        """
        return TaskTimes(self._sent(1), self._began[0], self._ended[0])

    def burst(self, number: int) -> float:
        """Send many at once; return the seconds from the first send to the last end.

        Raises:
            BrokenError: not all of them end.

        """
        sent = self._sent(number)
        return max(self._ended) - sent

    def _sent(self, number: int) -> float:
        self._began.clear()
        self._ended.clear()
        started = time.time()
        for _ in range(number):
            message = JobMessage(job_id=secrets.token_hex(12))
            send(self._app, TaskName.REPLY, message, queue=QueueName.SHORT, limit_s=LIMIT_S)
        self._deployment.until(lambda: self._all(number), f"{number} trivial tasks", LIMIT_S)
        return started

    def _all(self, number: int) -> bool:
        return len(self._began) >= number and len(self._ended) >= number

    def _listen(self) -> None:
        handlers = {
            "task-started": lambda event: self._began.append(event["timestamp"]),
            "task-succeeded": lambda event: self._ended.append(event["timestamp"]),
        }
        with self._app.connection_for_read() as connection:
            receiver: Any = self._app.events.Receiver(connection, handlers=handlers)
            with receiver.consumer_context(wakeup=False) as (consuming, _, _):
                self._ready.set()
                while not self._over.is_set():
                    try:
                        consuming.drain_events(timeout=LISTEN_S)
                    except TimeoutError:
                        continue
