"""How fast the workers are, and how many: measured by them, read by whoever makes forecasts.

Two figures describe the speed: the process seconds that a second of audio takes (decoding and
listening), and those that a job takes whatever its length (fetching, judging, drawing,
answering). Each is a quotient of two sums, which are multiplied by a little less than one before
each addition: a mean that forgets by work done and not by time, so a quiet night changes nothing.
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

from shared.queue.celery_config import TaskName
from shared.store.heartbeat import HEARTBEAT_TTL_S
from shared.store.redis_client import key

logger = logging.getLogger(__name__)

SPEED: Final = key("speed")
"""Hash of the four sums."""
WORKERS: Final = key("workers")
"""Sorted set of what each worker tells of itself, by when that is no longer true."""

AUDIO_MEMORY_S: Final = 900.0
"""Seconds of audio over which a measurement fades to a third; a quarter of an hour of music."""
JOBS_MEMORY: Final = 20.0
"""The same for jobs."""
SPEED_TTL_S: Final = 30 * 24 * 3600

# Before anything is measured, these count like one long clip: a machine of two busy cores.
GUESS_PER_SECOND: Final = 0.015
GUESS_FIXED_S: Final = 1.0
GUESS_AUDIO_S: Final = 30.0
"""Seconds of audio, and beside them one job, that the guess weighs as much as."""

_HEARING: Final = frozenset({TaskName.CONVERT, TaskName.FEATURIZE})

# KEYS: the hash. ARGV: a sum and what to add, its divisor and what to add, memory, time to live.
_NOTE: Final = """
local keep = math.max(0, 1 - tonumber(ARGV[4]) / tonumber(ARGV[5]))
for i = 1, 3, 2 do
  local sum = tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or 0)
  redis.call('HSET', KEYS[1], ARGV[i], string.format('%.6f', sum * keep + tonumber(ARGV[i + 1])))
end
redis.call('EXPIRE', KEYS[1], ARGV[6])
"""


@dataclass(frozen=True)
class Speed:
    """What work costs, in seconds of one worker process."""

    fixed_s: float = GUESS_FIXED_S
    """For each job."""
    per_second: float = GUESS_PER_SECOND
    """For each second of audio."""

    @classmethod
    def of(cls, sums: Mapping[str, str]) -> Self:
        """Read the hash ``SPEED``; the less it has seen, the more the guess counts."""
        fixed, jobs, listening, audio = (
            float(sums.get(name, 0)) for name in ("fixed", "jobs", "listening", "audio")
        )
        return cls(
            fixed_s=(fixed + GUESS_FIXED_S) / (jobs + 1),
            per_second=(listening + GUESS_PER_SECOND * GUESS_AUDIO_S) / (audio + GUESS_AUDIO_S),
        )


@dataclass(frozen=True)
class WorkerPool:
    """The workers that are there."""

    processes: int = 0
    """Tasks that all of them run at once."""
    versions: frozenset[str] = frozenset()
    """Of whatever makes their answers."""

    @classmethod
    def of(cls, members: Iterable[str | bytes]) -> Self:
        """Read what workers told of themselves; what another release wrote is passed over."""
        processes, versions = 0, set()
        for member in members:
            try:
                told = json.loads(member)
                processes += int(told["processes"])
                versions.add(str(told["version"]))
            except (ValueError, KeyError, TypeError):
                continue
        return cls(processes, frozenset(versions))


@dataclass(frozen=True)
class WorkerRegistration:
    """What a worker tells of itself, again and again.

    Args:
        name: unique among workers.
        processes: tasks that it runs at once.
        version: of whatever makes its answers.

    """

    name: str
    processes: int
    version: str

    def announce(self, redis: Redis) -> None:
        """Count as there for ``HEARTBEAT_TTL_S`` seconds."""
        now = time.time()
        with redis.pipeline() as pipe:
            pipe.zremrangebyscore(WORKERS, "-inf", now)
            pipe.zadd(WORKERS, {self._told: now + HEARTBEAT_TTL_S})
            pipe.expire(WORKERS, HEARTBEAT_TTL_S)
            pipe.execute()

    def withdraw(self, redis: Redis) -> None:
        """Count no longer as there."""
        redis.zrem(WORKERS, self._told)

    @property
    def _told(self) -> str:
        return json.dumps(self.__dict__)


class CostRecorder:
    """Notes what work costs. Never raises for a server that is away: it is only statistics.

    Args:
        redis: client, of text or of bytes.

    """

    def __init__(self, redis: Redis) -> None:
        self._note = redis.register_script(_NOTE)

    @contextmanager
    def timed(self, task_name: TaskName) -> Iterator[None]:
        """Note how long the body took, whether it raises or not."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.took(task_name, time.monotonic() - started)

    def took(self, task_name: TaskName, seconds: float) -> None:
        """Note what a run of a step has cost; each reply ends one job."""
        if task_name in _HEARING:
            self._add("listening", seconds, "audio", 0, AUDIO_MEMORY_S)
        else:
            self._add("fixed", seconds, "jobs", int(task_name is TaskName.REPLY), JOBS_MEMORY)

    def heard(self, audio_s: float) -> None:
        """Note that so much has been listened to."""
        self._add("listening", 0, "audio", audio_s, AUDIO_MEMORY_S)

    def _add(self, name: str, more: float, divisor: str, by: float, memory: float) -> None:
        try:
            self._note(keys=[SPEED], args=[name, more, divisor, by, memory, SPEED_TTL_S])
        except RedisError as error:
            logger.info("a measurement is lost: %s", error)
