"""Connections to Redis (or Valkey), bounded in time."""

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from shared.settings import RedisSettings

CONNECTION_RETRIES = 3
KEY_PREFIX = "genrebot"


def connect(settings: RedisSettings, *, text: bool) -> Redis:
    """Open a client that reconnects by itself and never hangs.

    Args:
        settings: address and time-outs.
        text: whether values are text (job states) or bytes (the spool).

    """
    return Redis.from_url(
        settings.url.get_secret_value(),
        decode_responses=text,
        socket_connect_timeout=settings.connect_timeout_s,
        socket_timeout=settings.socket_timeout_s,
        socket_keepalive=True,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=1.0, base=0.05), CONNECTION_RETRIES),
    )


def key(*parts: object) -> str:
    """Name a key of ours: ``key("job", job_id)``."""
    return ":".join((KEY_PREFIX, *map(str, parts)))
