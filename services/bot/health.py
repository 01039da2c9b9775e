"""The bot's sign of life, which ``genrebot health bot`` looks for."""

import json
import time

from redis import Redis

from services.bot.lag import LagMonitor
from shared.pulse import BOT_PULSE, PULSE_TTL_S


def beat(redis: Redis, lag: LagMonitor | None = None) -> None:
    """Say that the bot is alive, for ``PULSE_TTL_S`` seconds, and how well its loop is doing."""
    pulse: dict[str, float] = {"at": round(time.time())}
    if lag is not None:
        pulse |= {"lag_max_ms": lag.max_s * 1000, "lag_p99_ms": lag.p99_s * 1000}
    redis.set(BOT_PULSE, json.dumps(pulse), ex=PULSE_TTL_S)
