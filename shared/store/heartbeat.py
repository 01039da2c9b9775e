"""Signs of life in Redis, so that health checks need neither a port nor a file."""

from typing import Final

from shared.store.redis_client import key

HEARTBEAT_TTL_S: Final = 30
"""Seconds of silence after which a process is taken for dead."""

BOT_HEARTBEAT: Final = key("bot", "alive")
"""Exists while the bot lives."""


def worker_heartbeat_key(hostname: str) -> str:
    """Key that exists while the worker of this name lives."""
    return key("worker", "alive", hostname)
