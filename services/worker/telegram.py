"""The worker's side of the Bot API: fetch a file, post an answer.

Tasks are synchronous, so each call runs a short event loop of its own. What Telegram says
is sorted into three: it may pass (``TransientError``), the person must hear of it
(``GenrebotError``), or nobody is there to hear it (``GoneError``).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar, cast

from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiohttp import ClientError

from services.worker.execution.task_base import TransientError
from shared.errors import AudioError, ErrorCode, GenrebotError
from shared.queue.celery_config import download_limit_s
from shared.settings import TelegramSettings
from shared.telegram.client import make_bot

logger = logging.getLogger(__name__)

T = TypeVar("T")
_PASSING = (
    TelegramNetworkError,
    TelegramServerError,
    ClientDecodeError,  # a gateway's own page in place of an answer
    ClientError,
    TimeoutError,
)
DOWNLOAD_BLOCK = 1 << 16
"""Bytes taken from the network at a time."""


class GoneError(Exception):
    """The chat is closed to us: blocked, deleted, or we were removed from it."""


def call(action: Callable[[Bot], Awaitable[T]]) -> T:
    """Run one conversation with the Bot API.

    Raises:
        TransientError: Telegram is busy, away, or answered with a pause to keep.
        GoneError: the person cannot be reached any more.
        TelegramBadRequest: Telegram refuses what was asked; the caller knows why.
        TelegramEntityTooLarge: what was asked for is too large.

    """

    async def converse() -> T:
        async with make_bot(TelegramSettings()) as bot:
            return await action(bot)

    try:
        return asyncio.run(converse())
    except TelegramEntityTooLarge:
        raise  # counted among the network's errors, but no patience helps
    except TelegramRetryAfter as error:
        raise TransientError("Telegram asks for a pause", float(error.retry_after)) from error
    except _PASSING as error:
        raise TransientError(f"{type(error).__name__}: {error}") from error
    except (TelegramForbiddenError, TelegramNotFound, TelegramMigrateToChat) as error:
        raise GoneError(str(error)) from error
    except TelegramUnauthorizedError as error:
        raise TransientError("Telegram does not accept BOT_TOKEN") from error


class Sink(Protocol):
    """Takes bytes, and knows how many it has taken."""

    size: int

    def write(self, data: bytes, /) -> int:
        """Take bytes in."""


class _Bounded:
    """Hands bytes on until there are more than allowed."""

    def __init__(self, writer: Sink, limit: int) -> None:
        self._writer = writer
        self._limit = limit

    def write(self, data: bytes) -> int:
        if self._writer.size + len(data) > self._limit:
            raise too_large(self._limit)
        return self._writer.write(data)

    def flush(self) -> None:
        """Nothing waits here."""


def fetch(file_id: str, writer: Sink, limit: int) -> None:
    """Stream a file from Telegram.

    Args:
        file_id: Telegram's name for the file.
        writer: takes the bytes.
        limit: most bytes that are accepted.

    Raises:
        AudioError: the file is larger than the limit, or than Telegram hands out.
        GenrebotError: Telegram no longer has the file.
        TransientError: try again later; the writer must be thrown away.

    """

    async def download(bot: Bot) -> int | None:
        path, size = await _found(bot, file_id, limit)
        await bot.download_file(
            path,
            destination=cast("BinaryIO", _Bounded(writer, limit)),
            timeout=download_limit_s(size or limit),
            chunk_size=DOWNLOAD_BLOCK,
            seek=False,
        )
        return size

    declared = _ask(download, limit)
    if declared is not None and writer.size != declared:
        raise TransientError(f"got {writer.size} of {declared} bytes")


def in_place(file_id: str, limit: int) -> Path | None:
    """Find a file in the folder that the Bot API server shares with us.

    Returns:
        Its path, or None where the server shares nothing, or not with this machine.

    Raises:
        AudioError, GenrebotError, TransientError: as ``fetch``.

    """
    if not TelegramSettings().api_local:
        return None
    path = Path(_ask(lambda bot: _found(bot, file_id, limit), limit)[0])
    return path if path.is_absolute() and path.is_file() else None


async def _found(bot: Bot, file_id: str, limit: int) -> tuple[str, int | None]:
    """Have Telegram get a file ready; its path and its size."""
    file = await bot.get_file(file_id)
    if not file.file_path:
        raise TransientError("Telegram has not got the file ready")
    if (file.file_size or 0) > limit:
        raise too_large(limit)
    return file.file_path, file.file_size


def _ask(action: Callable[[Bot], Awaitable[T]], limit: int) -> T:
    """Run a conversation about a file, and sort out what Telegram says of it."""
    try:
        return call(action)
    except TelegramEntityTooLarge as error:
        raise too_large(limit) from error
    except TelegramBadRequest as error:
        if "too big" in error.message:
            raise too_large(limit) from error
        raise GenrebotError(
            ErrorCode.UNAVAILABLE,
            "Telegram does not hand out this file any more. Please send it again.",
        ) from error


def too_large(limit: int) -> AudioError:
    """The error for a file over a limit in bytes."""
    return AudioError(
        ErrorCode.TOO_LARGE,
        f"This file is larger than the {limit / 1e6:.0f} MB that can be fetched here. "
        "An mp3 at 128 kbit/s of the same track, or a part of it, would fit.",
    )


def is_unchanged(error: TelegramAPIError) -> bool:
    """Whether an edit failed only because it had been made before."""
    return "message is not modified" in str(error)
