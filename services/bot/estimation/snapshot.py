"""A copy of all active jobs, kept by reading only those that have changed."""

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, cast

from redis import Redis

from services.bot.estimation.workload import Workload, workload
from shared.domain.job_state import JobState
from shared.domain.plan import Plan
from shared.domain.track import Track
from shared.settings import JobSettings
from shared.store.change_feed import ChangeFeed
from shared.store.keys import (
    ACTIVE_JOBS,
    COSTS,
    WAITING_JOBS,
    WORKERS,
    JobField,
    completed_segments_key,
    job_key,
)
from shared.store.throughput import Speed, WorkerPool

PAGE: Final = 1000
"""Jobs that are read in one round trip."""

_FIELDS: Final = [
    JobField.TRACK,
    JobField.STATE,
    JobField.PLAN,
    JobField.LENGTH_S,
    JobField.ERROR,
    JobField.FINAL,
    JobField.LEADER,
]


@dataclass(frozen=True)
class QueueSnapshot:
    """Everything that an estimate needs."""

    workloads: Sequence[Workload]
    """Of all active jobs, in the order in which they came."""
    workers: WorkerPool
    speed: Speed


class SnapshotReader:
    """Reads snapshots. May be used by several threads.

    Args:
        redis: Client whose values are text.
        settings: How work is divided.

    """

    def __init__(self, redis: Redis, settings: JobSettings) -> None:
        self._redis = redis
        self._settings = settings
        self._changes = ChangeFeed(redis)
        self._cursor = 0
        self._workloads: dict[str, Workload] = {}
        self._lock = threading.Lock()

    def read(self) -> QueueSnapshot:
        """Read what has changed since the last snapshot. Blocks.

        Raises:
            redis.exceptions.RedisError: Redis does not answer.

        """
        with self._lock:
            self._follow()
            workloads = list(self._workloads.values())
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.zrangebyscore(WORKERS, time.time(), "+inf")
            pipe.hgetall(COSTS)
            workers, costs = pipe.execute()
        return QueueSnapshot(workloads, WorkerPool.of(workers), Speed.of(costs))

    def workload(self, job_id: str) -> Workload | None:
        """Read one job anew; None if it is not active."""
        with self._lock:
            self._update([job_id])
            return self._workloads.get(job_id)

    def _follow(self) -> None:
        complete, changed = True, set[str]()
        while True:
            changes = self._changes.since(self._cursor, PAGE)
            self._cursor = changes.cursor
            complete = complete and changes.complete
            changed.update(changes.job_ids)
            if not changes.more:
                break
        if complete:
            self._update(changed)
        else:
            self._read_all()

    def _read_all(self) -> None:
        active = cast("list[str]", self._redis.zrange(ACTIVE_JOBS, 0, -1))
        self._workloads = {}
        self._update(active)

    def _update(self, job_ids: Iterable[str]) -> None:
        ids = iter(job_ids)
        while page := list(islice(ids, PAGE)):
            self._update_page(page)

    def _update_page(self, ids: list[str]) -> None:
        with self._redis.pipeline(transaction=False) as pipe:
            for job_id in ids:
                pipe.hmget(job_key(job_id), _FIELDS)
                pipe.scard(completed_segments_key(job_id))
                pipe.zrank(WAITING_JOBS, job_id)
            replies: list[Any] = pipe.execute()
        for number, job_id in enumerate(ids):
            read = self._workload(*replies[3 * number : 3 * number + 3])
            if read is None:
                self._workloads.pop(job_id, None)
            else:
                self._workloads[job_id] = read

    def _workload(
        self, fields: list[str | None], segments_completed: int, position: int | None
    ) -> Workload | None:
        track, state, plan, length_s, error, final, leader = fields
        if track is None or state is None or final is not None:
            return None
        try:
            return workload(
                Track.model_validate_json(track),
                self._settings,
                # A failed job has nothing left to do but to say so.
                state=JobState.REPLYING if error else JobState(state),
                plan=Plan.model_validate_json(plan) if plan else None,
                length_s=float(length_s) if length_s else None,
                segments_completed=segments_completed,
                held=state == JobState.RECEIVED and position is None,
                leader=leader if state == JobState.FETCHING else None,
            )
        except ValueError:
            return None  # written by another release; an estimate can do without it
