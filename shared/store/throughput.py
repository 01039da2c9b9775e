"""How fast the workers are, and how many: measured by them, read for estimates.

Two figures describe the speed: the process seconds for a second of audio (decoding and
featurizing), and those for a job whatever its length (fetching, classifying, drawing, replying).
Each is a quotient of two sums, which decay a little before each addition. The mean so forgets by
work done and not by time: a quiet night changes nothing.
"""

import json
import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Self

from redis import Redis
from redis.exceptions import RedisError

from shared.queue.tasks import TaskName
from shared.store.heartbeat import HEARTBEAT_TTL_S
from shared.store.keys import COSTS, WORKERS
from shared.store.lua_scripts import load_script

logger = logging.getLogger(__name__)

AUDIO_MEMORY_S: Final = 900.0
"""Seconds of audio over which a measurement decays to 1/e: a quarter of an hour of music."""
JOBS_MEMORY: Final = 20.0
"""The same for jobs."""
COSTS_TTL_S: Final = 30 * 24 * 3600

# Before anything is measured, these count like one long clip: a machine with two busy cores.
GUESS_PER_SECOND: Final = 0.015
GUESS_FIXED_S: Final = 1.0
GUESS_AUDIO_S: Final = 30.0
"""Seconds of audio, and beside them one job, that the guess weighs."""

_PER_SECOND: Final = frozenset({TaskName.CONVERT, TaskName.FEATURIZE})
"""Tasks whose cost grows with the length of the track."""


@dataclass(frozen=True)
class Speed:
    """What work costs, in seconds of one worker process."""

    fixed_s: float = GUESS_FIXED_S
    """For each job."""
    per_second: float = GUESS_PER_SECOND
    """For each second of audio."""

    @classmethod
    def of(cls, sums: Mapping[str, str]) -> Self:
        """Read the hash ``COSTS``. The fewer measurements there are, the more the guess counts."""
        fixed, jobs, listening, audio = (
            float(sums.get(name, 0)) for name in ("fixed", "jobs", "listening", "audio")
        )
        return cls(
            fixed_s=(fixed + GUESS_FIXED_S) / (jobs + 1),
            per_second=(listening + GUESS_PER_SECOND * GUESS_AUDIO_S) / (audio + GUESS_AUDIO_S),
        )


@dataclass(frozen=True)
class WorkerPool:
    """The workers that are alive."""

    processes: int = 0
    """Tasks that all of them run at once."""
    versions: frozenset[str] = frozenset()
    """Versions of whatever makes their results."""

    @classmethod
    def of(cls, members: Iterable[str | bytes]) -> Self:
        """Read registrations. Those of another release that cannot be read are skipped."""
        processes, versions = 0, set()
        for member in members:
            try:
                registration = json.loads(member)
                processes += int(registration["processes"])
                versions.add(str(registration["version"]))
            except (ValueError, KeyError, TypeError):
                continue
        return cls(processes, frozenset(versions))


@dataclass(frozen=True)
class WorkerRegistration:
    """What a worker tells about itself, again and again.

    Args:
        name: unique among workers.
        processes: tasks that it runs at once.
        version: of whatever makes its results.

    """

    name: str
    processes: int
    version: str

    def announce(self, redis: Redis) -> None:
        """Count as alive for ``HEARTBEAT_TTL_S`` seconds."""
        now = time.time()
        with redis.pipeline() as pipe:
            pipe.zremrangebyscore(WORKERS, "-inf", now)
            pipe.zadd(WORKERS, {self._member: now + HEARTBEAT_TTL_S})
            pipe.expire(WORKERS, HEARTBEAT_TTL_S)
            pipe.execute()

    def withdraw(self, redis: Redis) -> None:
        """Count as alive no longer."""
        redis.zrem(WORKERS, self._member)

    @property
    def _member(self) -> str:
        return json.dumps(self.__dict__)


class CostRecorder:
    """Measures what work costs. Does not raise if Redis is away: these are only statistics.

    Args:
        redis: client, of text or of bytes.

    """

    def __init__(self, redis: Redis) -> None:
        self._record = redis.register_script(load_script(__package__, "record_cost"))

    @contextmanager
    def timed(self, task_name: TaskName) -> Iterator[None]:
        """Measure how long the body takes, whether it raises or not."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.took(task_name, time.monotonic() - started)

    def took(self, task_name: TaskName, seconds: float) -> None:
        """Record what a run of a task has cost; each reply counts one job."""
        if task_name in _PER_SECOND:
            self._add("listening", seconds, "audio", 0, AUDIO_MEMORY_S)
        else:
            self._add("fixed", seconds, "jobs", int(task_name is TaskName.REPLY), JOBS_MEMORY)

    def featurized(self, audio_s: float) -> None:
        """Record that so many seconds of audio are featurized."""
        self._add("listening", 0, "audio", audio_s, AUDIO_MEMORY_S)

    def _add(self, name: str, more: float, divisor: str, by: float, memory: float) -> None:
        try:
            self._record(keys=[COSTS], args=[name, more, divisor, by, memory, COSTS_TTL_S])
        except RedisError as error:
            logger.info("a measurement is lost: %s", error)
