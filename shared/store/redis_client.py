"""Connections to Redis (or Valkey), bounded in time."""

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from shared.settings import RedisSettings

CONNECTION_RETRIES = 3
LONGEST_PAUSE_S = 1.0
FIRST_PAUSE_S = 0.05
HEALTH_CHECK_INTERVAL_S = 30


def connect(settings: RedisSettings, *, text: bool) -> Redis:
    """Make a client that reconnects by itself and never hangs.

    Args:
        settings: address and time-outs.
        text: whether values are text (job states) or bytes (blobs).

    """
    return Redis.from_url(
        settings.url.get_secret_value(),
        decode_responses=text,
        socket_connect_timeout=settings.connect_timeout_s,
        socket_timeout=settings.socket_timeout_s,
        socket_keepalive=True,
        health_check_interval=HEALTH_CHECK_INTERVAL_S,
        retry=Retry(
            ExponentialBackoff(cap=LONGEST_PAUSE_S, base=FIRST_PAUSE_S), CONNECTION_RETRIES
        ),
    )
