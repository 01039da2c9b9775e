"""The queue of updates, read by long polling or by webhook delivery."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import Final

from devtools.emulator.errors import conflict
from devtools.emulator.state.records import JsonObject

_OPT_IN_KINDS: Final = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Kinds of update that Telegram sends only if ``allowed_updates`` names them."""


@dataclass(frozen=True, slots=True)
class Update:
    """One update; ``payload`` is the object in its field ``kind``."""

    update_id: int
    kind: str
    payload: JsonObject

    def object(self) -> JsonObject:
        """Build the Bot API's Update."""
        return {"update_id": self.update_id, self.kind: self.payload}


class UpdateQueue:
    """Updates that the bot has not confirmed yet."""

    def __init__(self) -> None:
        self._pending: deque[Update] = deque()
        self._arrived = asyncio.Event()
        self._poll: asyncio.Future[None] | None = None
        self._closed = False
        self.allowed: list[str] = []
        # From the clock: a bot that outlives the emulator asks for ids above the last one it
        # saw, so a later emulator's ids have to be higher.
        self._next_id = int(time.time())

    def __len__(self) -> int:
        return len(self._pending)

    def push(self, kind: str, payload: JsonObject) -> None:
        """Queue an update and wake readers, unless the bot has not allowed its kind."""
        wanted = kind in self.allowed if self.allowed else kind not in _OPT_IN_KINDS
        if not wanted:
            return
        self._pending.append(Update(self._next_id, kind, payload))
        self._next_id += 1
        self._arrived.set()
        if self._poll and not self._poll.done():
            self._poll.set_result(None)

    async def poll(self, offset: int, limit: int, wait_s: float) -> list[Update]:
        """Return up to ``limit`` updates, waiting up to ``wait_s`` seconds for the first.

        Args:
            offset: updates with lower ids are dropped; -n drops all but the last n.
            limit: largest number of updates to return.
            wait_s: seconds to wait for an update.

        Raises:
            ApiError: 409, when another poll replaced this one.

        """
        self._forget(offset)
        if not self._pending and wait_s > 0 and not self._closed:
            # As on Telegram's server, the earlier of two waiting polls fails.
            self.abort_poll(
                "terminated by other getUpdates request; "
                "make sure that only one bot instance is running"
            )
            await self._wait(wait_s)
        return list(self._pending)[:limit]

    async def first(self) -> Update:
        """Wait for the oldest update; it stays queued."""
        while not self._pending:
            await self._arrived.wait()
        return self._pending[0]

    def confirm(self, update_id: int) -> None:
        """Drop an update that was delivered, and those before it."""
        self._forget(update_id + 1)

    def drop(self) -> None:
        """Drop all updates."""
        self._pending.clear()
        self._arrived.clear()

    def abort_poll(self, reason: str) -> None:
        """Fail a waiting poll with 409."""
        if self._poll and not self._poll.done():
            self._poll.set_exception(conflict(reason))

    def close(self) -> None:
        """End a waiting poll, and let later polls return at once."""
        self._closed = True
        if self._poll and not self._poll.done():
            self._poll.set_result(None)

    async def _wait(self, wait_s: float) -> None:
        poll = self._poll = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(wait_s):
                await poll
        except TimeoutError:
            return
        finally:
            if self._poll is poll:
                self._poll = None

    def _forget(self, offset: int) -> None:
        if offset < 0:
            while len(self._pending) > -offset:
                self._pending.popleft()
        while offset > 0 and self._pending and self._pending[0].update_id < offset:
            self._pending.popleft()
        if not self._pending:
            self._arrived.clear()
