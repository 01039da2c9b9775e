"""How long a heartbeat in Redis counts, so that health checks need neither a port nor a file."""

from typing import Final

HEARTBEAT_TTL_S: Final = 30
"""Seconds of silence after which a process counts as dead."""
