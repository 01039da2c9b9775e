"""Dead letters: messages on the queue that could not be understood, set aside for an operator.

Retrying them would not help, and dropping them silently would hide a defect or an attack. The last
ones are kept, cut to a length, and all of them are counted: ``LRANGE genrebot:dead_letters 0 -1``.
"""

import json
import time
from typing import Final, cast

from redis import Redis

from shared.store.keys import DEAD_LETTER_COUNT, DEAD_LETTERS

MAX_KEPT: Final = 100
MAX_CHARACTERS: Final = 1000
"""Length to which a message is cut."""
TTL_S: Final = 7 * 24 * 3600


class DeadLetters:
    """Keeps the last messages that could not be understood.

    Args:
        redis: client, of text or of bytes.

    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def add(self, task_name: str, message: object, reason: str) -> None:
        """Set a message aside.

        Args:
            task_name: the task that it was sent to.
            message: what it holds.
            reason: why it is not understood.

        """
        letter = {
            "at": round(time.time()),
            "task": task_name,
            "reason": reason[:MAX_CHARACTERS],
            "message": repr(message)[:MAX_CHARACTERS],
        }
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.lpush(DEAD_LETTERS, json.dumps(letter))
            pipe.ltrim(DEAD_LETTERS, 0, MAX_KEPT - 1)
            pipe.expire(DEAD_LETTERS, TTL_S)
            pipe.incr(DEAD_LETTER_COUNT)
            pipe.expire(DEAD_LETTER_COUNT, TTL_S)
            pipe.execute()

    def count(self) -> int:
        """Return how many there were until a week without any passed."""
        return int(cast("str | bytes | None", self._redis.get(DEAD_LETTER_COUNT)) or 0)
