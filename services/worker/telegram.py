"""The worker's use of the Bot API. Tasks are synchronous: each call has its own event loop."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from aiogram import Bot

from shared.errors import TransientError
from shared.settings import TelegramSettings
from shared.telegram.client import make_bot
from shared.telegram.downloads import Sink, find_file, stream_file
from shared.telegram.errors import API_ERRORS, ErrorKind, GoneError, classify

T = TypeVar("T")


class Telegram:
    """Calls the Bot API.

    Args:
        settings: token and server.

    """

    def __init__(self, settings: TelegramSettings) -> None:
        self._settings = settings

    def call(self, action: Callable[[Bot], Awaitable[T]]) -> T:
        """Run calls of the Bot API on a client of their own.

        Raises:
            TransientError: Telegram is busy or away; it may ask for a pause.
            GoneError: the chat is closed to the bot.
            aiogram.exceptions.AiogramError: the call was refused, and would be again.

        """
        try:
            return self._run(action)
        except API_ERRORS as error:
            failure = classify(error)
            if failure.kind is ErrorKind.RETRY:
                reason = f"{type(error).__name__}: {error}"
                raise TransientError(
                    reason, failure.pause_s, may_be_done=failure.may_be_done
                ) from error
            if failure.kind is ErrorKind.GONE:
                raise GoneError(str(error)) from error
            raise

    def fetch(self, file_id: str, sink: Sink, limit: int) -> None:
        """Stream a file from Telegram; arguments and errors are those of ``stream_file``."""
        self._run(lambda bot: stream_file(bot, file_id, sink, limit))

    def local_file(self, file_id: str, limit: int) -> Path | None:
        """Find a file that the Bot API server shares with this machine.

        Returns:
            Its path, or None if the server does not share its files.

        Raises:
            AudioError, GenrebotError, TransientError: as ``find_file``.

        """
        if not self._settings.api_local:
            return None
        return self._run(lambda bot: find_file(bot, file_id, limit)).local_path

    def _run(self, action: Callable[[Bot], Awaitable[T]]) -> T:
        async def converse() -> T:
            async with make_bot(self._settings) as bot:
                return await action(bot)

        return asyncio.run(converse())
