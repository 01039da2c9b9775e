"""The bot's sign of life, which ``genrebot health bot`` looks for."""

import json
import time

from redis import Redis

from services.bot.loop_lag import LagMonitor
from shared.store.heartbeat import HEARTBEAT_TTL_S
from shared.store.keys import BOT_HEARTBEAT


def beat(redis: Redis, lag: LagMonitor | None = None) -> None:
    """Write the bot's heartbeat, which holds the event loop's lag, for ``HEARTBEAT_TTL_S``."""
    pulse: dict[str, float] = {"at": round(time.time())}
    if lag is not None:
        pulse |= {"lag_max_ms": lag.max_s * 1000, "lag_p99_ms": lag.p99_s * 1000}
    redis.set(BOT_HEARTBEAT, json.dumps(pulse), ex=HEARTBEAT_TTL_S)
