"""Single flight: of several jobs on the same file one does the work, and the others follow it.

The first job that claims a file leads it while it is under way. Jobs that come later become its
followers: jobs without message or lease, which cost nothing while they wait. They are started when
the leader has a result, or will never have one. Then they claim the file again, and find the
result, or one of them leads.
"""

from collections.abc import Iterable
from typing import cast

from redis import Redis

from shared.store.keys import followers_key, job_key, single_flight_key
from shared.store.lua_scripts import load_script


class SingleFlight:
    """Which job works on which file. Every method talks to Redis and may block.

    Args:
        redis: client whose values are text.
        ttl_s: seconds after which a lead that was never released is forgotten: a job's lifetime.

    """

    def __init__(self, redis: Redis, ttl_s: int) -> None:
        self._redis = redis
        self._ttl_s = ttl_s
        self._claim = redis.register_script(load_script(__package__, "claim_file"))
        self._release = redis.register_script(load_script(__package__, "release_file"))

    def claim(self, job_id: str, version: str, file: str) -> str | None:
        """Lead a file, or follow the job that leads it.

        Args:
            job_id: the job that asks. If it leads the file already, it goes on to do so.
            version: of what makes the result; jobs of other versions are not followed.
            file: SHA-256 of the content, or Telegram's id.

        Returns:
            Id of the job that is followed from now on, or None for the leader itself.

        """
        leader = self._claim(
            keys=[single_flight_key(version, file), job_key(job_id)],
            args=[job_id, self._ttl_s],
        )
        return cast("str | None", leader)

    def followers(self, job_id: str) -> list[str]:
        """Return the ids of the jobs that follow this one, and of some that no longer do."""
        return sorted(cast("set[str]", self._redis.smembers(followers_key(job_id))))

    def dismiss(self, job_id: str, followers: Iterable[str]) -> None:
        """Forget followers that have been started; those that came meanwhile stay."""
        if started := list(followers):
            self._redis.srem(followers_key(job_id), *started)

    def release(self, job_id: str, version: str, files: Iterable[str]) -> None:
        """End the job's lead of these files, where it has it."""
        for file in files:
            self._release(keys=[single_flight_key(version, file)], args=[job_id])
