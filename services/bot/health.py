"""Whether the bot is alive, asked from outside without touching its file system."""

import json
import sys
import time
from typing import Final

from redis import Redis
from redis.exceptions import RedisError

from services.bot.lag import LagMonitor
from shared.connection import connect, key
from shared.settings import RedisSettings

ALIVE_KEY: Final = key("bot", "alive")
ALIVE_S: Final = 30
"""Seconds of silence after which the bot is taken for dead."""


def beat(redis: Redis, lag: LagMonitor | None = None) -> None:
    """Say that the bot is alive, for ``ALIVE_S`` seconds, and how well its loop is doing."""
    pulse: dict[str, float] = {"at": round(time.time())}
    if lag is not None:
        pulse |= {"lag_max_ms": lag.max_s * 1000, "lag_p99_ms": lag.p99_s * 1000}
    redis.set(ALIVE_KEY, json.dumps(pulse), ex=ALIVE_S)


def check(settings: RedisSettings) -> bool:
    """Whether the bot has said so lately; False too where the server is away."""
    with connect(settings, text=True) as redis:
        try:
            return bool(redis.exists(ALIVE_KEY))
        except RedisError:
            return False


def main() -> None:
    """Exit with 0 for a bot that is alive and 1 for one that is not."""
    sys.exit(0 if check(RedisSettings()) else 1)


if __name__ == "__main__":
    main()
