"""User slots: how many jobs of one user are in work at once, and which of them is next.

For each user with active jobs there is a set of those in work and a line of those that wait. The
script that ends a job takes it out of both, and a job that expires while it is active no longer
counts: nothing has to be released.
"""

import time
from collections.abc import Iterable, Iterator
from typing import cast

from redis import Redis

from shared.settings import JobSettings
from shared.store.keys import user_in_work_key, user_line_key
from shared.store.lua_scripts import load_script


class UserLineFullError(Exception):
    """A user has as many jobs in line as one may have.

    Args:
        in_line: how many.

    """

    def __init__(self, in_line: int) -> None:
        super().__init__(f"{in_line} jobs of this user are waiting already")
        self.in_line = in_line


class UserSlots:
    """Hands out the slots of users. Every method talks to Redis and may block.

    Args:
        redis: client whose values are text.
        settings: how many slots a user has.

    """

    def __init__(self, redis: Redis, settings: JobSettings) -> None:
        self._redis = redis
        self._settings = settings
        self._admit = redis.register_script(load_script(__package__, "admit_jobs"))

    def admit(self, user: str) -> list[str]:
        """Move a user's next jobs into free slots.

        They count as waiting from now on, and the caller has to send them. If it dies before,
        they are active jobs without message or lease, which the worker's recovery finds.

        Args:
            user: as ``Track.user`` names them.

        Returns:
            Ids of the jobs that may start now, in the order in which they came.

        """
        admitted = self._admit(
            keys=[user_line_key(user)],
            args=[user, self._settings.jobs_per_person, time.time(), self._settings.job_ttl_s],
        )
        return cast("list[str]", admitted)

    def positions(self, jobs: Iterable[tuple[str, str]]) -> Iterator[int | None]:
        """Find out which of its user's tracks each job is, counted from one.

        Args:
            jobs: ids, each with its user.

        Yields:
            The position of a job in its user's line, None if it does not wait there.

        """
        with self._redis.pipeline(transaction=False) as pipe:
            for job_id, user in jobs:
                pipe.zrank(user_line_key(user), job_id)
                pipe.scard(user_in_work_key(user))
            replies: list[int | None] = pipe.execute()
        for before, in_work in zip(replies[::2], replies[1::2], strict=True):
            yield None if before is None else before + (in_work or 0) + 1
