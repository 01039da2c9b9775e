"""Logging for every service: one line per event on standard error, without secrets."""

import logging
import re
import time
from typing import Final

from shared.settings import LogSettings

_SECRETS: Final = re.compile(
    r"""
    (?P<bot>\d{3,}:)[A-Za-z0-9_-]{20,}   # a bot's token, alone or inside an address
    | (?P<url>\b[a-z+]+://[^\s/@:]*:)[^\s/@]+(?=@)   # the password in redis://user:password@host
    """,
    re.VERBOSE,
)

# Chatty at INFO: a line per update, per request, per task sent.
_QUIET: Final = ("aiogram.event", "aiohttp.access", "asyncio", "kombu", "amqp")


class LineFormatter(logging.Formatter):
    """Formats a record as one line, tracebacks included, with secrets masked."""

    converter = staticmethod(time.gmtime)  # UTC on every machine

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S"
        )

    def format(self, record: logging.LogRecord) -> str:
        """Write the record; line ends become `` | ``."""
        lines = (line.strip() for line in super().format(record).splitlines())
        return redact(" | ".join(line for line in lines if line))


def redact(text: str) -> str:
    """Mask bot tokens, and passwords in addresses."""
    return _SECRETS.sub(lambda found: f"{found['bot'] or found['url']}***", text)


def configure(level: str | None = None) -> None:
    """Log everything to standard error.

    Args:
        level: name of the lowest level shown; by default that of ``GENREBOT_LOG_LEVEL``.

    Raises:
        ValueError: there is no such level; pydantic's where the setting names it.

    """
    wanted = (level or LogSettings().log_level).upper()
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter())
    root = logging.getLogger()
    root.setLevel(wanted)
    root.handlers[:] = [handler]
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))
