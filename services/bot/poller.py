"""Polls updates from Telegram and handles them one after the other.

aiogram's own polling stops for ever at an update that it cannot decode: ``getUpdates`` fails as a
whole, and the offset never moves. Here such a batch is decoded update by update, and what does not
decode is skipped. An update is confirmed only once it has been handled, as the next request names
the next offset.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from aiogram import Bot, Dispatcher
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramConflictError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import GetUpdates
from aiogram.types import Update
from aiogram.types.update import UpdateTypeLookupError
from aiogram.utils.backoff import Backoff, BackoffConfig
from pydantic import ValidationError

from shared.telegram.errors import describe

logger = logging.getLogger(__name__)

POLLING_TIMEOUT_S: Final = 30
"""Seconds that Telegram holds a request while there are no updates."""
REQUEST_TIMEOUT_S: Final = POLLING_TIMEOUT_S + 15
CONFIRM_TIMEOUT_S: Final = 3
"""Seconds that the last request may take, which confirms what was handled before the end."""
FIRST_DELAY_S: Final = 1.0
MAX_DELAY_S: Final = 5.0
"""Seconds between two requests while they fail, at first and at most."""
PATIENCE_S: Final = 60.0
"""Seconds after which an error that does not pass by itself ends the process."""
MAX_PATHS: Final = 3
"""Fields that the log names of an update that does not decode."""

_REMEDIES: Final[dict[type[Exception], str]] = {
    TelegramConflictError: (
        "Another program receives the updates of this bot, by polling or by a webhook that it has"
        " set. Stop the other program, or give this bot a BOT_TOKEN of its own."
    ),
    TelegramUnauthorizedError: (
        "Telegram no longer accepts this BOT_TOKEN; @BotFather shows the right one."
    ),
}
"""What to do about errors that do not pass by themselves."""


class PollingError(Exception):
    """Polling cannot go on; the message says what to do."""


@dataclass
class PollingState:
    """How polling is going, for the heartbeat."""

    clock: Callable[[], float] = time.time
    last_success: float | None = None
    """When ``getUpdates`` last worked, in seconds since the epoch."""
    problem: str | None = None
    """Why it does not work at the moment."""
    skipped: int = 0
    """Updates that were skipped because they did not decode."""

    def succeeded(self) -> None:
        """Record that ``getUpdates`` has worked."""
        self.last_success = self.clock()
        self.problem = None


class Poller:
    """Polls for one bot.

    Args:
        bot: The bot whose updates these are.
        dispatcher: Handles the updates.
        state: Kept up to date.
        clock: Returns monotonic time, in seconds.
        first_delay_s: Seconds before the second request after a failure.

    """

    def __init__(
        self,
        bot: Bot,
        dispatcher: Dispatcher,
        state: PollingState,
        *,
        clock: Callable[[], float] = time.monotonic,
        first_delay_s: float = FIRST_DELAY_S,
    ) -> None:
        self._bot = bot
        self._dispatcher = dispatcher
        self._state = state
        self._clock = clock
        self._backoff = BackoffConfig(first_delay_s, MAX_DELAY_S, factor=1.5, jitter=0.0)
        self._offset: int | None = None
        self._confirmed: int | None = None

    async def run(self) -> None:
        """Poll until cancelled.

        Raises:
            PollingError: An error has lasted for a minute that does not pass by itself.

        """
        try:
            while True:
                for update_id, update in await self._fetch():
                    if update is not None:
                        await self._handle(update)
                    self._offset = update_id + 1
        finally:
            await self._confirm()

    async def _fetch(self) -> list[tuple[int, Update | None]]:
        """Fetch the next updates; None stands for one that has to be skipped."""
        backoff = Backoff(self._backoff)
        failing_since: float | None = None
        while True:
            try:
                updates = await self._request()
            except Exception as error:
                pause_s = self._pause_s(error, backoff)
                remedy = _REMEDIES.get(type(error))
                if remedy is None:
                    failing_since = None
                elif failing_since is None:
                    failing_since = self._clock()
                elif self._clock() - failing_since >= PATIENCE_S:
                    raise PollingError(remedy) from error
                await asyncio.sleep(pause_s)
            else:
                if backoff.counter:
                    logger.info("Updates are fetched again")
                return updates

    async def _request(self) -> list[tuple[int, Update | None]]:
        request = GetUpdates(
            offset=self._offset,
            timeout=POLLING_TIMEOUT_S,
            allowed_updates=self._dispatcher.resolve_used_update_types(),
        )
        self._confirmed = self._offset
        try:
            updates = await self._bot(request, request_timeout=REQUEST_TIMEOUT_S)
        except ClientDecodeError as error:
            if not isinstance(error.data, dict) or not isinstance(error.data.get("result"), list):
                raise
            decoded = [(raw["update_id"], self._decode(raw)) for raw in error.data["result"]]
        else:
            decoded = [(update.update_id, self._known(update)) for update in updates]
        self._state.succeeded()
        return decoded

    def _decode(self, raw: dict[str, Any]) -> Update | None:
        try:
            update = Update.model_validate(raw, context={"bot": self._bot})
        except ValidationError as error:
            paths = [".".join(map(str, item["loc"])) for item in error.errors(include_input=False)]
            self._skip(raw["update_id"], f"it does not decode at {', '.join(paths[:MAX_PATHS])}")
            return None
        return self._known(update)

    def _known(self, update: Update) -> Update | None:
        """Return an update whose type aiogram knows; it would print the content of others."""
        try:
            _ = update.event_type
        except UpdateTypeLookupError:
            self._skip(update.update_id, "its type is unknown")
            return None
        return update

    def _skip(self, update_id: int, reason: str) -> None:
        """Count and log an update that is skipped; the log must not show what people wrote."""
        self._state.skipped += 1
        logger.error("Update %d is skipped: %s", update_id, reason)

    async def _handle(self, update: Update) -> None:
        try:
            await self._dispatcher.feed_update(self._bot, update)
        except Exception:
            logger.exception("Update %d failed", update.update_id)

    def _pause_s(self, error: Exception, backoff: Backoff) -> float:
        """Log a failure; return the seconds to wait before the next request."""
        reason = describe(error)
        self._state.problem = reason
        pause_s = next(backoff)
        if isinstance(error, TelegramRetryAfter):
            pause_s = float(error.retry_after)
        logger.warning("No updates could be fetched, next attempt in %.1f s: %s", pause_s, reason)
        return pause_s

    async def _confirm(self) -> None:
        """Confirm what was handled since the last request, so that it does not come again."""
        if self._offset == self._confirmed:
            return
        request = GetUpdates(offset=self._offset, limit=1, timeout=0)
        with suppress(AiogramError):
            await self._bot(request, request_timeout=CONFIRM_TIMEOUT_S)
