"""SingleFlight: of several jobs on the same file one works, and the others follow it.

The first that claims a file leads it for as long as it is under way. Who comes later is noted
as its follower: a job without message or lease, which costs nothing until it is woken. It is
woken when the leader has an answer, or has none and never will; then it claims the file again,
and finds the answer, or leads itself.
"""

from collections.abc import Iterable
from typing import Final, cast

from redis import Redis

from shared.store.jobs import LEADER, job_key
from shared.store.known_files import single_flight_key
from shared.store.user_slots import ACTIVE

# The leader leads while it is not over and has nothing to tell but an answer.
_CLAIM: Final = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] and redis.call('ZSCORE', KEYS[2], holder) then
  local job = ARGV[2] .. holder
  if redis.call('HEXISTS', job, 'stage') == 1 and redis.call('HEXISTS', job, 'error') == 0 then
    redis.call('SADD', job .. ':followers', ARGV[1])
    redis.call('EXPIRE', job .. ':followers', ARGV[3])
    redis.call('HSET', KEYS[3], ARGV[4], holder)
    return holder
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
redis.call('HDEL', KEYS[3], ARGV[4])
return false
"""

_RELEASE: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""


class SingleFlight:
    """Who works on which file. Every method talks to Redis and may block.

    Args:
        redis: client whose values are text.
        ttl_s: seconds after which a lead is forgotten that nobody gave back; the life of a job.

    """

    def __init__(self, redis: Redis, ttl_s: int) -> None:
        self._redis = redis
        self._ttl_s = ttl_s
        self._claim = redis.register_script(_CLAIM)
        self._release = redis.register_script(_RELEASE)

    def claim(self, job_id: str, version: str, file: str) -> str | None:
        """Lead a file, or follow whoever leads it.

        Args:
            job_id: who asks. A job that leads the file already goes on to do so.
            version: of what will answer; others are nobody to wait for.
            file: hash of its content, or Telegram's id.

        Returns:
            Id of the job that is followed from now on, or None for the leader itself.

        """
        leader = self._claim(
            keys=[single_flight_key(version, file), ACTIVE, job_key(job_id)],
            args=[job_id, job_key(""), self._ttl_s, LEADER],
        )
        return cast("str | None", leader)

    def followers(self, job_id: str) -> list[str]:
        """Ids of the jobs that wait for this one, and of some that no longer do."""
        return sorted(cast("set[str]", self._redis.smembers(_followers(job_id))))

    def dismiss(self, job_id: str, followers: Iterable[str]) -> None:
        """Forget followers that have been woken; those who came meanwhile stay."""
        if gone := list(followers):
            self._redis.srem(_followers(job_id), *gone)

    def release(self, job_id: str, version: str, files: Iterable[str]) -> None:
        """Give leads back, as far as the job has them."""
        for file in files:
            self._release(keys=[single_flight_key(version, file)], args=[job_id])


def _followers(job_id: str) -> str:
    return f"{job_key(job_id)}:followers"
