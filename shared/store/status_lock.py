"""The lock on a job's status message, which bot and worker both write."""

from contextlib import AbstractContextManager
from typing import Final, cast

from redis import Redis

from shared.store.keys import status_lock_key

STATUS_LOCK_S: Final = 20
"""Seconds after which a lock counts as abandoned.

Longer than the 10 s that the bot gives a request. A reply that takes longer does no harm: once
the lock is free, the bot sees from the job's state that the message is no longer its own."""


def status_lock(redis: Redis, job_id: str, *, wait_s: float) -> AbstractContextManager[object]:
    """Return the lock on a job's status message, to be used with ``with``.

    Args:
        redis: client whose values are text.
        job_id: whose message.
        wait_s: seconds to wait for the lock.

    Raises (on entering):
        redis.exceptions.LockError: another writer held it for all of that time.

    """
    return cast(
        "AbstractContextManager[object]",
        redis.lock(
            status_lock_key(job_id),
            timeout=STATUS_LOCK_S,
            blocking_timeout=wait_s,
            # An event loop acquires and releases on whichever threads are free.
            thread_local=False,
            # A lock that expired shows as LockNotOwned on release; the edit was made all the same.
            raise_on_release_error=False,
        ),
    )
