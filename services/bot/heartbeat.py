"""The bot's heartbeat in Redis, which ``genrebot health bot`` reads."""

import json
import time

from redis import Redis

from services.bot.loop_lag import LagMonitor
from shared.store.heartbeat import BOT_HEARTBEAT, HEARTBEAT_TTL_S


def write_heartbeat(redis: Redis, lag: LagMonitor | None = None) -> None:
    """Write the heartbeat, which holds the event loop's lag, for ``HEARTBEAT_TTL_S`` seconds."""
    record: dict[str, float] = {"at": round(time.time())}
    if lag is not None:
        record |= {"lag_max_ms": lag.max_s * 1000, "lag_p99_ms": lag.p99_s * 1000}
    redis.set(BOT_HEARTBEAT, json.dumps(record), ex=HEARTBEAT_TTL_S)
