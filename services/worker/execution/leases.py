"""Leases: how a task whose worker died is found within seconds.

Celery's Redis transport hands an unacknowledged task out again only after the visibility
timeout, which must exceed the longest task: an hour and more. So every running task holds
a lease that a thread renews; any worker that sees one run out sends the task again. A task
that was merely slow then runs twice, which by design changes nothing.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from celery import Celery
from pydantic import BaseModel, ConfigDict, ValidationError
from redis import Redis
from redis.exceptions import RedisError

from shared.queue.celery_config import QueueName, TaskName, send
from shared.queue.messages import JobMessage, SegmentMessage
from shared.store.redis_client import key

logger = logging.getLogger(__name__)

LEASES = key("leases")
RENEWALS_PER_LEASE = 4
"""How often a lease is renewed within its own length; a few may fail without harm."""

# Takes over a lease that has run out: of several sweepers, one wins.
_CLAIM = """
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score or tonumber(score) > tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
return 1
"""

# Removes a lease, unless somebody has changed it since.
_SETTLE = """
if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0) ~= tonumber(ARGV[2]) then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])
"""


class LeasedTask(BaseModel):
    """Enough to send a task again as it was."""

    model_config = ConfigDict(frozen=True)

    task_name: TaskName
    job_id: str
    segment: int | None = None
    queue: QueueName
    limit_s: int

    def message(self) -> JobMessage:
        """The message that the task was sent with."""
        if self.segment is None:
            return JobMessage(job_id=self.job_id)
        return SegmentMessage(job_id=self.job_id, segment=self.segment)


class Leases:
    """The leases of all running tasks, ordered by when they run out."""

    def __init__(self, redis: Redis, length_s: float) -> None:
        self._redis = redis
        self._length_s = length_s
        self._claim = redis.register_script(_CLAIM)
        self._settle = redis.register_script(_SETTLE)

    @contextmanager
    def hold(self, leased: LeasedTask) -> Iterator[None]:
        """Keep a lease while the body runs. It stays behind if the body raises."""
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
        """Let a task that will be tried again count as alive until after that."""
        self._extend(leased.model_dump_json(), seconds + self._length_s)

    def sweep(self, app: Celery) -> int:
        """Send every task again whose lease has run out; the number of them.

        A lease ends once its task is back in the queue, where nothing is lost; one that
        stayed would send the task again and again while the queue is long.
        """
        now = time.time()
        late = cast("list[str]", self._redis.zrange(LEASES, "-inf", now, byscore=True))
        sent = 0
        for member in late:
            until = now + self._length_s
            if not self._claim(keys=[LEASES], args=[member, now, until]):
                continue
            try:
                leased = LeasedTask.model_validate_json(member)
            except ValidationError:
                logger.warning("a lease of another release is left to its own workers")
                continue
            logger.warning("worker lost: %s of job %s runs again", leased.task_name, leased.job_id)
            send(
                app, leased.task_name, leased.message(), queue=leased.queue, limit_s=leased.limit_s
            )
            self._settle(keys=[LEASES], args=[member, until])
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
