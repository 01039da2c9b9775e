"""UserSlots: how many jobs of one person are in work at once, and which is next.

Beside the jobs stand, for each person who has sent something, the set of those in work and
the line of those that wait for them. A job that is over, in whichever way, is no longer on
the list of active ones and thereby has given up its place: nobody has to hand it back.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, cast

from redis import Redis

from shared.settings import JobSettings
from shared.store.redis_client import key

ACTIVE: Final = key("jobs", "active")
"""Sorted set of jobs that are not over, by when they came."""
WAITING: Final = key("jobs", "waiting")
"""Sorted set of jobs that may begin and that nobody has begun, by when they were let in."""

IN_WORK: Final = """
local function in_work(active, working)
  for _, id in ipairs(redis.call('SMEMBERS', working)) do
    if not redis.call('ZSCORE', active, id) then redis.call('SREM', working, id) end
  end
  return redis.call('SCARD', working)
end
"""
"""Lua: counts a person's jobs in work, having struck off those that are over."""

_NEXT = (
    IN_WORK
    + """
local admitted = {}
local busy = in_work(KEYS[1], KEYS[3])
while busy < tonumber(ARGV[1]) do
  local job = redis.call('ZPOPMIN', KEYS[4])[1]
  if not job then break end
  if redis.call('ZSCORE', KEYS[1], job) then
    redis.call('SADD', KEYS[3], job)
    redis.call('ZADD', KEYS[2], ARGV[2], job)
    table.insert(admitted, job)
    busy = busy + 1
  end
end
redis.call('EXPIRE', KEYS[3], ARGV[3])
redis.call('EXPIRE', KEYS[4], ARGV[3])
return admitted
"""
)


@dataclass(frozen=True)
class UserSlots:
    """Every method talks to Redis and may block. ``redis`` is a client whose values are text."""

    redis: Redis
    settings: JobSettings

    def admit(self, person: str) -> list[str]:
        """Let in those whose turn it is.

        They stand among the waiting from now on, and are the caller's to send; who dies
        before that leaves jobs without message or lease, which the rescue finds.

        Args:
            person: as ``Track.person`` names them.

        Returns:
            Ids of the jobs that may begin now, in the order in which they came.

        """
        admitted = self.redis.register_script(_NEXT)(
            keys=[ACTIVE, WAITING, working_key(person), line_key(person)],
            args=[self.settings.jobs_per_person, time.time(), self.settings.job_ttl_s],
        )
        return cast("list[str]", admitted)

    def places(self, jobs: Iterable[tuple[str, str]]) -> Iterator[int | None]:
        """Which of its person's tracks each job is, counted from one over all that are under way.

        Args:
            jobs: ids, each with its person.

        Yields:
            The place of a job that waits for earlier ones, None for one that does not.

        """
        with self.redis.pipeline(transaction=False) as pipe:
            for job_id, person in jobs:
                pipe.zrank(line_key(person), job_id)
                pipe.scard(working_key(person))
            answers: list[int | None] = pipe.execute()
        for before, working in zip(answers[::2], answers[1::2], strict=True):
            yield None if before is None else before + (working or 0) + 1


def working_key(person: str) -> str:
    """Name of the set of a person's jobs in work."""
    return key("person", person, "working")


def line_key(person: str) -> str:
    """Name of the sorted set of a person's jobs that wait for their own earlier ones."""
    return key("person", person, "line")
