"""Writes the bot's heartbeat to Redis, where ``genrebot health bot`` reads it."""

import asyncio
import logging
import time
from typing import Final

from redis import Redis
from redis.exceptions import RedisError

from services.bot.liveness.health import BotHealth
from services.bot.liveness.loop_lag import LagMonitor
from services.bot.poller import PollingState
from shared.store.heartbeat import HEARTBEAT_TTL_S
from shared.store.keys import BOT_HEARTBEAT

logger = logging.getLogger(__name__)

INTERVAL_S: Final = 2.0
LAG_WINDOW_S: Final = 60.0


class Heartbeat:
    """Tells every two seconds how the bot is.

    Args:
        redis: Where the heartbeat is written.
        lag: Lag of the event loop.
        polling: How polling is going.

    """

    def __init__(self, redis: Redis, lag: LagMonitor, polling: PollingState) -> None:
        self._redis = redis
        self._lag = lag
        self._polling = polling
        self.crashed: list[str] = []
        """Names of background tasks that have crashed."""

    async def run(self) -> None:
        """Write until cancelled; while Redis is away, the last heartbeat expires."""
        while True:
            try:
                await asyncio.to_thread(write_heartbeat, self._redis, self.health())
            except RedisError as error:
                logger.info("The heartbeat could not be written: %s", error)
            await asyncio.sleep(INTERVAL_S)

    def health(self) -> BotHealth:
        """Return how the bot is at the moment."""
        p99_s, max_s = self._lag.recent(LAG_WINDOW_S)
        return BotHealth(
            at=time.time(),
            polled_at=self._polling.last_success,
            polling_problem=self._polling.problem,
            skipped_updates=self._polling.skipped,
            lag_p99_ms=round(p99_s * 1000, 1),
            lag_max_ms=round(max_s * 1000, 1),
            crashed=tuple(self.crashed),
        )


def write_heartbeat(redis: Redis, health: BotHealth) -> None:
    """Write the heartbeat for ``HEARTBEAT_TTL_S`` seconds. Blocks.

    Raises:
        redis.exceptions.RedisError: Redis does not answer.

    """
    redis.set(BOT_HEARTBEAT, health.model_dump_json(), ex=HEARTBEAT_TTL_S)
