"""Leases: how a task whose worker died is found within seconds.

Celery's Redis transport delivers an unacknowledged task again only after the visibility timeout,
which must exceed the longest task: an hour and more. So every running task holds a lease that a
thread renews. A worker that finds an expired lease sends the task again. A task that was merely
slow then runs twice, which changes nothing, as tasks are idempotent.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, cast

from celery import Celery
from pydantic import BaseModel, ConfigDict, ValidationError
from redis import Redis
from redis.exceptions import RedisError

from shared.queue.messages import JobMessage, SegmentMessage
from shared.queue.sending import send
from shared.queue.tasks import QueueName, TaskName
from shared.store.keys import LEASES
from shared.store.lua_scripts import load_script

logger = logging.getLogger(__name__)

RENEWALS_PER_LEASE: Final = 4
"""How often a lease is renewed within its length; a few renewals may fail without harm."""


class LeasedTask(BaseModel):
    """A running task, with everything that is needed to send it again."""

    model_config = ConfigDict(frozen=True)

    task_name: TaskName
    job_id: str
    segment: int | None = None
    queue: QueueName
    limit_s: int

    @property
    def run_name(self) -> str:
        """Names the task and its segment, to count its runs by."""
        if self.segment is None:
            return self.task_name.value
        return f"{self.task_name}:{self.segment}"

    def message(self) -> JobMessage:
        """Return the message that the task was sent with."""
        if self.segment is None:
            return JobMessage(job_id=self.job_id)
        return SegmentMessage(job_id=self.job_id, segment=self.segment)


class Leases:
    """The leases of all running tasks, by when they expire.

    Args:
        redis: client whose values are text.
        length_s: seconds for which a lease counts after its last renewal.

    """

    def __init__(self, redis: Redis, length_s: float) -> None:
        self._redis = redis
        self._length_s = length_s
        self._claim = redis.register_script(load_script(__package__, "claim_lease"))
        self._drop = redis.register_script(load_script(__package__, "drop_lease"))

    @contextmanager
    def hold(self, leased: LeasedTask) -> Iterator[None]:
        """Hold a lease while the body runs. If the body raises, the lease is left to expire."""
        member = leased.model_dump_json()
        self._extend(member, self._length_s, only_later=False)
        ended = threading.Event()
        renewer = threading.Thread(target=self._renew, args=(member, ended), daemon=True)
        renewer.start()
        try:
            yield
        finally:
            ended.set()
            renewer.join()
        self._redis.zrem(LEASES, member)

    def postpone(self, leased: LeasedTask, seconds: float) -> None:
        """Keep the lease of a task that will be retried in so many seconds."""
        self._extend(leased.model_dump_json(), seconds + self._length_s)

    def sweep(self, app: Celery) -> int:
        """Send every task again whose lease has expired; return how many.

        The lease is dropped once the task is in the queue, where it is safe. A lease that stayed
        would send the task again and again while the queue is long.
        """
        now = time.time()
        expired = cast("list[str]", self._redis.zrange(LEASES, "-inf", now, byscore=True))
        sent = 0
        for member in expired:
            until = now + self._length_s
            if not self._claim(keys=[LEASES], args=[member, now, until]):
                continue
            try:
                leased = LeasedTask.model_validate_json(member)
            except ValidationError:
                logger.warning("a lease of another release is left to that release's workers")
                continue
            logger.warning("worker lost: %s of job %s runs again", leased.task_name, leased.job_id)
            send(
                app, leased.task_name, leased.message(), queue=leased.queue, limit_s=leased.limit_s
            )
            self._drop(keys=[LEASES], args=[member, until])
            sent += 1
        return sent

    def _extend(self, member: str, seconds: float, *, only_later: bool = True) -> None:
        self._redis.zadd(LEASES, {member: time.time() + seconds}, gt=only_later)

    def _renew(self, member: str, ended: threading.Event) -> None:
        while not ended.wait(self._length_s / RENEWALS_PER_LEASE):
            try:
                self._extend(member, self._length_s)
            except RedisError:
                logger.warning("a lease could not be renewed; trying again")
