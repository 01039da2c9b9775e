"""The worker's side of the Bot API: fetch a file, post an answer.

Tasks are synchronous, so each call runs a short event loop of its own. What Telegram says
is sorted into three: it may pass (``TransientError``), the person must hear of it
(``GenrebotError``), or nobody is there to hear it (``GoneError``).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import BinaryIO, TypeVar, cast

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

from services.bot.client import make_bot
from services.worker.runner import TransientError
from shared.broker import download_limit_s
from shared.errors import AudioError, ErrorCode, GenrebotError
from shared.settings import TelegramSettings
from shared.spool import SpoolWriter

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


class _Bounded:
    """Hands bytes on until there are more than allowed."""

    def __init__(self, writer: SpoolWriter, limit: int) -> None:
        self._writer = writer
        self._limit = limit

    def write(self, data: bytes) -> int:
        if self._writer.size + len(data) > self._limit:
            raise too_large(self._limit)
        return self._writer.write(data)

    def flush(self) -> None:
        """Nothing waits here."""


def fetch(file_id: str, writer: SpoolWriter, limit: int) -> None:
    """Stream a file into the spool.

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
        file = await bot.get_file(file_id)
        if not file.file_path:
            raise TransientError("Telegram has not got the file ready")
        if (file.file_size or 0) > limit:
            raise too_large(limit)
        await bot.download_file(
            file.file_path,
            destination=cast("BinaryIO", _Bounded(writer, limit)),
            timeout=download_limit_s(file.file_size or limit),
            chunk_size=DOWNLOAD_BLOCK,
            seek=False,
        )
        return file.file_size

    try:
        declared = call(download)
    except TelegramEntityTooLarge as error:
        raise too_large(limit) from error
    except TelegramBadRequest as error:
        if "too big" in error.message:
            raise too_large(limit) from error
        raise GenrebotError(
            ErrorCode.UNAVAILABLE,
            "Telegram does not hand out this file any more. Please send it again.",
        ) from error
    if declared is not None and writer.size != declared:
        raise TransientError(f"got {writer.size} of {declared} bytes")


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
