"""Finds and streams files of the Bot API."""

from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Protocol, cast

from aiogram import Bot

from shared.errors import AudioError, ErrorCode, GenrebotError, TransientError
from shared.queue.tasks import download_limit_s
from shared.telegram.errors import API_ERRORS, ErrorKind, classify

DOWNLOAD_BLOCK: Final = 1 << 16
"""Bytes taken from the network at a time."""


class Sink(Protocol):
    """Takes bytes, and knows how many it has taken."""

    size: int

    def write(self, data: bytes, /) -> int:
        """Take bytes."""


class FoundFile(NamedTuple):
    """A file that Telegram has ready."""

    path: str
    """Where: relative to the server's files, or on this machine with a local server."""
    size: int | None
    """Bytes, where Telegram says."""

    @property
    def local_path(self) -> Path | None:
        """Path on this machine, if a local Bot API server shares the file with it."""
        path = Path(self.path)
        return path if path.is_absolute() and path.is_file() else None


async def find_file(bot: Bot, file_id: str, limit: int) -> FoundFile:
    """Ask Telegram to get a file ready (``getFile``).

    Args:
        bot: the bot that the file was sent to.
        file_id: which file.
        limit: most bytes that are accepted.

    Raises:
        AudioError: the file is larger than the limit, or than Telegram hands out.
        GenrebotError: Telegram no longer has the file.
        TransientError: try again later.

    """
    try:
        file = await bot.get_file(file_id)
    except API_ERRORS as error:
        raise _sorted(error, limit) from error
    if not file.file_path:
        raise TransientError("Telegram does not have the file ready")
    if (file.file_size or 0) > limit:
        raise too_large(limit)
    return FoundFile(file.file_path, file.file_size)


async def stream_file(bot: Bot, file_id: str, sink: Sink, limit: int) -> None:
    """Stream a file from Telegram.

    Args:
        bot: the bot that the file was sent to.
        file_id: which file.
        sink: takes the bytes.
        limit: most bytes that are accepted.

    Raises:
        AudioError: the file is larger than the limit, or than Telegram hands out.
        GenrebotError: Telegram no longer has the file.
        TransientError: try again later; what the sink has taken must be thrown away.

    """
    found = await find_file(bot, file_id, limit)
    try:
        await bot.download_file(
            found.path,
            destination=cast("BinaryIO", _LimitedSink(sink, limit)),
            timeout=download_limit_s(found.size or limit),
            chunk_size=DOWNLOAD_BLOCK,
            seek=False,
        )
    except API_ERRORS as error:
        raise _sorted(error, limit) from error
    if found.size is not None and sink.size != found.size:
        raise TransientError(f"got {sink.size} of {found.size} bytes")


def too_large(limit: int) -> AudioError:
    """Return the error for a file above a limit in bytes."""
    return AudioError(
        ErrorCode.TOO_LARGE,
        f"This file is larger than the {limit / 1e6:.0f} MB that can be fetched here. "
        "An mp3 at 128 kbit/s of the same track, or a part of it, would fit.",
    )


def _sorted(error: BaseException, limit: int) -> Exception:
    failure = classify(error)
    if failure.kind is ErrorKind.RETRY:
        return TransientError(f"{type(error).__name__}: {error}", failure.pause_s)
    if failure.kind is ErrorKind.TOO_LARGE:
        return too_large(limit)
    return GenrebotError(
        ErrorCode.UNAVAILABLE,
        "Telegram does not hand out this file any more. Please send it again.",
    )


class _LimitedSink:
    """Passes bytes on until there are more than allowed."""

    def __init__(self, sink: Sink, limit: int) -> None:
        self._sink = sink
        self._limit = limit

    def write(self, data: bytes) -> int:
        if self._sink.size + len(data) > self._limit:
            raise too_large(self._limit)
        return self._sink.write(data)

    def flush(self) -> None:
        """Do nothing: no bytes are held back here."""
