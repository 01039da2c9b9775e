"""Whether a file needs no work: its result is cached, or another job works on it."""

from collections.abc import Iterable
from typing import cast

from redis import Redis

from shared.store.keys import ACTIVE_JOBS, cached_result_file_key, single_flight_key


def is_known(redis: Redis, versions: Iterable[str], unique_id: str | None) -> bool:
    """Return whether a worker of one of these versions would reply without any computation.

    Args:
        redis: client whose values are text.
        versions: of the workers that are alive.
        unique_id: Telegram's id of the file.

    """
    if unique_id is None:
        return False
    for version in versions:
        leader = cast("str | None", redis.get(single_flight_key(version, unique_id)))
        if leader is not None and redis.zscore(ACTIVE_JOBS, leader) is not None:
            return True
        if redis.exists(cached_result_file_key(version, unique_id)):
            return True
    return False
