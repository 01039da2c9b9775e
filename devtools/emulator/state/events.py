"""The log of changes of the chats, and waiting for the next one."""

import asyncio
import time

from devtools.emulator.state.records import (
    CallbackQuery,
    ChatEvent,
    ChatMessage,
    EventKind,
)


class EventLog:
    """All changes of all chats, in order."""

    def __init__(self) -> None:
        self._events: list[ChatEvent] = []
        self._sequence = 0
        self._changed = asyncio.Event()
        self._closed = False

    @property
    def sequence(self) -> int:
        """Number of the newest event; 0 before the first."""
        return self._sequence

    def add(
        self,
        kind: EventKind,
        chat_id: int,
        *,
        message: ChatMessage | None = None,
        action: str | None = None,
        callback: CallbackQuery | None = None,
    ) -> None:
        """Append an event and wake readers."""
        self._sequence += 1
        self._events.append(
            ChatEvent(
                sequence=self._sequence,
                at=time.time(),
                chat_id=chat_id,
                kind=kind,
                message=message.snapshot() if message else None,
                action=action,
                callback=callback.model_copy(deep=True) if callback else None,
            )
        )
        self._wake()

    def after(self, sequence: int, chat_id: int | None = None) -> list[ChatEvent]:
        """Return events newer than ``sequence``, of one chat or of all."""
        return [
            event
            for event in self._events
            if event.sequence > sequence and chat_id in {None, event.chat_id}
        ]

    async def wait(
        self,
        sequence: int,
        chat_id: int | None = None,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - returns an empty list
    ) -> list[ChatEvent]:
        """Wait for events newer than ``sequence``; the list is empty after ``timeout`` seconds."""
        try:
            async with asyncio.timeout(timeout):
                while not (found := self.after(sequence, chat_id)) and not self._closed:
                    await self._changed.wait()
        except TimeoutError:
            return []
        return found

    def clear(self) -> None:
        """Clear the events; sequence numbers continue."""
        self._events.clear()

    def close(self) -> None:
        """End waiting readers, and let later ones return at once."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
