"""Tasks that do nothing, and when the worker says that it has begun and ended them."""

import secrets
import threading
import time
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from devtools.bench.stand import Stand
from shared.queue.tasks import QueueName, TaskName
from shared.queue.celery_config import broker_app
from shared.queue.sending import send
from shared.queue.messages import JobMessage
from shared.settings import LimitSettings

LIMIT_S: Final = 180
"""Seconds until a task that has not ended counts as lost; a worker may have to start first."""
LISTEN_S: Final = 0.5


class Course(NamedTuple):
    """When a task was sent, began and ended, in seconds since the epoch."""

    sent: float
    started: float
    ended: float


class Trivial:
    """Sends tasks for jobs that nobody knows: the worker leases, counts and ends them.

    The times of starts and ends are those of Celery's own events. Use it as a context manager.
    """

    def __init__(self, stand: Stand) -> None:
        self._stand = stand
        self._app = broker_app(stand.settings, LimitSettings())
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

    def run(self) -> Course:
        """Send one and wait for its end.

        Raises:
            BrokenError: it did not end.

        """
        return Course(self._sent(1), self._began[0], self._ended[0])

    def burst(self, number: int) -> float:
        """Send many at once; the seconds from the first sending to the last end.

        Raises:
            BrokenError: not all of them have ended.

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
        self._stand.until(lambda: self._all(number), f"{number} trivial tasks", LIMIT_S)
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
