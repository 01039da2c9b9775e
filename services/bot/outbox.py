"""Sends replies in the background, so that no handler waits for Telegram.

aiogram's polling confirms an update once its handler has returned, and only then handles the next
one. A handler therefore returns its reply as a method, and this middleware sends it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiogram import BaseMiddleware, Bot
from aiogram.methods import TelegramMethod
from aiogram.types import TelegramObject

from shared.telegram.errors import API_ERRORS, ErrorKind, classify, describe

logger = logging.getLogger(__name__)

REQUEST_TIMEOUT_S: Final = 15
MAX_ATTEMPTS: Final = 5
"""How often one reply is sent at most; a pause that Telegram asks for counts as an attempt."""
FIRST_DELAY_S: Final = 1.0
"""Seconds before the second attempt after a network failure; doubled for each further one."""
MAX_PAUSE_S: Final = 300
"""Longest pause that is waited for; a reply that would be later than that is dropped."""


class Outbox(BaseMiddleware):
    """Outer middleware of updates and of errors: sends what their handlers return."""

    def __init__(self, *, first_delay_s: float = FIRST_DELAY_S) -> None:
        self._first_delay_s = first_delay_s
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Call the handler; send a returned method in the background instead of returning it."""
        result = await handler(event, data)
        if not isinstance(result, TelegramMethod):
            return result
        self.post(data["bot"], result)
        return None

    def post(self, bot: Bot, method: TelegramMethod[Any]) -> None:
        """Start sending; failures are logged and not raised."""
        task = asyncio.create_task(self._deliver(bot, method), name=method.__api_method__)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, timeout_s: float) -> None:
        """Wait for what is being sent, and cancel what takes longer than ``timeout_s`` seconds."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=timeout_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        if late:
            logger.warning("Replies not sent before the end: %d", len(late))

    async def _deliver(self, bot: Bot, method: TelegramMethod[Any]) -> None:
        name = method.__api_method__
        delay_s = self._first_delay_s
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                await bot(method, request_timeout=REQUEST_TIMEOUT_S)
            except API_ERRORS as error:
                failure, reason = classify(error), describe(error)
            else:
                return
            if failure.kind is not ErrorKind.RETRY:
                logger.warning("Telegram refused %s: %s", name, reason)
                return
            pause_s = failure.pause_s
            if pause_s is None:
                pause_s, delay_s = delay_s, delay_s * 2
            if attempt == MAX_ATTEMPTS or pause_s > MAX_PAUSE_S:
                logger.error("%s was not sent: %s", name, reason)
                return
            logger.info("%s is sent again in %g s: %s", name, pause_s, reason)
            await asyncio.sleep(pause_s)
