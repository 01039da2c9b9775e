"""Whether a file needs no work: it was answered before, or is being worked on."""

from collections.abc import Iterable
from typing import cast

from redis import Redis

from shared.store.redis_client import key
from shared.store.user_slots import ACTIVE


def cached_result_key(version: str, unique_id: str) -> str:
    """Name of the key by which an answer is found that is kept for one of Telegram's file ids."""
    return key("answer", version, "file", unique_id)


def single_flight_key(version: str, file: str) -> str:
    """Name of the key that tells which job leads a file, by its hash or Telegram's id of it."""
    return key("lead", version, file)


def is_known(redis: Redis, versions: Iterable[str], unique_id: str | None) -> bool:
    """Whether a worker of one of these versions would answer without listening.

    Args:
        redis: client whose values are text.
        versions: of the workers that are there.
        unique_id: Telegram's id of the file.

    """
    if unique_id is None:
        return False
    for version in versions:
        leader = cast("str | None", redis.get(single_flight_key(version, unique_id)))
        if leader is not None and redis.zscore(ACTIVE, leader) is not None:
            return True
        if redis.exists(cached_result_key(version, unique_id)):
            return True
    return False
