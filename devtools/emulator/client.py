"""The control routes as a typed client, for the demo and for tests in other processes."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, Unpack

import aiohttp

from devtools.emulator.config import RateLimits
from devtools.emulator.http.control import PREFIX
from devtools.emulator.state.faults import Fault
from devtools.emulator.state.records import (
    CallbackQuery,
    ChatEvent,
    ChatMessage,
    JsonObject,
    MediaKind,
    MediaOptions,
    User,
)

_WAIT_S: Final = 25.0
_REFUSED: Final = 400


class EmulatorError(Exception):
    """The emulator refused a request; the message says why."""


class EmulatorClient:
    """Acts as the people in the chats, and reads the chats.

    Use it as ``async with EmulatorClient(base_url) as people``. Methods raise
    ``EmulatorError`` if the emulator refuses a request and ``aiohttp.ClientError`` if it
    cannot be reached.

    Args:
        base_url: such as "http://127.0.0.1:8081".

    """

    def __init__(self, base_url: str) -> None:
        self._base = base_url.rstrip("/") + PREFIX
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._session:
            await self._session.close()

    async def health(self) -> str:
        """Return the bot's user name."""
        return str((await self._json("GET", "/health"))["bot"])

    async def introduce(self, user: User) -> None:
        """Set a person's name and language."""
        await self._json("PUT", "/users", json=user.model_dump(mode="json"))

    async def send_text(
        self,
        chat_id: int,
        text: str,
        *,
        user_id: int | None = None,
        reply_to: int | None = None,
    ) -> ChatMessage:
        """Send a text; the first message creates the chat."""
        body = {"text": text, "user_id": user_id, "reply_to": reply_to}
        return ChatMessage.model_validate(await self._post(chat_id, "text", body))

    async def send_audio(
        self, chat_id: int, source: bytes | Path, **options: Unpack[MediaOptions]
    ) -> ChatMessage:
        """Send music."""
        return await self.send_media(chat_id, "audio", source, **options)

    async def send_voice(
        self, chat_id: int, source: bytes | Path, **options: Unpack[MediaOptions]
    ) -> ChatMessage:
        """Send a voice message."""
        return await self.send_media(chat_id, "voice", source, **options)

    async def send_video(
        self, chat_id: int, source: bytes | Path, **options: Unpack[MediaOptions]
    ) -> ChatMessage:
        """Send a video."""
        return await self.send_media(chat_id, "video", source, **options)

    async def send_document(
        self, chat_id: int, source: bytes | Path, **options: Unpack[MediaOptions]
    ) -> ChatMessage:
        """Send a file as a document."""
        return await self.send_media(chat_id, "document", source, **options)

    async def send_photo(
        self, chat_id: int, source: bytes | Path, **options: Unpack[MediaOptions]
    ) -> ChatMessage:
        """Send a picture, PNG or JPEG."""
        return await self.send_media(chat_id, "photo", source, **options)

    async def send_media(
        self,
        chat_id: int,
        kind: MediaKind,
        source: bytes | Path,
        **options: Unpack[MediaOptions],
    ) -> ChatMessage:
        """Send bytes or a file; a file's name is the default of ``file_name``."""
        if isinstance(source, Path):
            options.setdefault("file_name", source.name)
            source = await asyncio.to_thread(source.read_bytes)
        form = aiohttp.FormData(quote_fields=False)
        for name, value in options.items():
            form.add_field(name, str(value))
        form.add_field("file", source, filename="file")
        path = f"/chats/{chat_id}/media/{kind}"
        return ChatMessage.model_validate(await self._json("POST", path, data=form))

    async def press(
        self, chat_id: int, message_id: int, data: str, *, user_id: int | None = None
    ) -> CallbackQuery:
        """Press the inline button that carries ``data``."""
        body = {"message_id": message_id, "data": data, "user_id": user_id}
        return CallbackQuery.model_validate(await self._post(chat_id, "press", body))

    async def callback(self, query_id: str) -> CallbackQuery:
        """Return a pressed button with its answers so far."""
        return CallbackQuery.model_validate(await self._json("GET", f"/callbacks/{query_id}"))

    async def edit_text(self, chat_id: int, message_id: int, text: str) -> ChatMessage:
        """Edit a text that a person sent."""
        body = {"message_id": message_id, "text": text}
        return ChatMessage.model_validate(await self._post(chat_id, "edit", body))

    async def block(self, chat_id: int, *, blocked: bool = True) -> None:
        """Block or unblock the bot."""
        await self._post(chat_id, "block", {"blocked": blocked})

    async def messages(self, chat_id: int) -> list[ChatMessage]:
        """List a chat's messages with all their versions, deleted ones included."""
        return (await self._look(chat_id))[1]

    async def photo(self, chat_id: int, message_id: int) -> bytes:
        """Return the bytes of a message's photo."""
        return await self.content(chat_id, message_id)

    async def voice(self, chat_id: int, message_id: int) -> bytes:
        """Return the bytes of a message's voice."""
        return await self.content(chat_id, message_id)

    async def content(self, chat_id: int, message_id: int) -> bytes:
        """Return the bytes of a message's file."""
        path = f"/chats/{chat_id}/messages/{message_id}/content"
        return await self._request("GET", path)

    async def events(
        self, chat_id: int | None = None, *, after: int = 0
    ) -> AsyncIterator[ChatEvent]:
        """Yield the changes of one chat or of all, without end.

        Args:
            chat_id: the chat; None for all.
            after: skip events up to this sequence number; 0 starts from the beginning.

        """
        while True:
            for event in await self._wait_events(chat_id, after, _WAIT_S):
                after = event.sequence
                yield event

    async def wait_for(
        self,
        chat_id: int,
        predicate: Callable[[ChatMessage], bool],
        timeout: float = 10.0,  # noqa: ASYNC109 - the error holds the chat's texts
    ) -> ChatMessage:
        """Wait until a message of a chat, as it stands, satisfies a condition.

        Args:
            chat_id: the chat, which must have begun.
            predicate: called with every message, oldest first, after each change.
            timeout: seconds to wait at most.

        Raises:
            TimeoutError: the message holds the chat's texts.

        """
        messages: list[ChatMessage] = []
        try:
            async with asyncio.timeout(timeout):
                while True:
                    sequence, messages = await self._look(chat_id)
                    for message in messages:
                        if predicate(message):
                            return message
                    await self._wait_events(chat_id, sequence, _WAIT_S)
        except TimeoutError:
            shown = [message.shown for message in messages]
            raise TimeoutError(f"chat {chat_id} shows {shown} after {timeout} s") from None

    async def add_fault(self, fault: Fault) -> None:
        """Add a fault."""
        await self._json("POST", "/faults", json=fault.model_dump(mode="json"))

    async def clear_faults(self) -> None:
        """Remove all faults."""
        await self._json("DELETE", "/faults")

    async def limit_rates(self, limits: RateLimits | None) -> None:
        """Enforce rate limits with 429; None for none."""
        if limits is None:
            await self._json("DELETE", "/limits")
        else:
            await self._json("PUT", "/limits", json=asdict(limits))

    async def calls(self) -> dict[str, int]:
        """Return the bot's calls by method, failed ones included; downloads are "download"."""
        return dict((await self._json("GET", "/calls"))["calls"])

    async def errors(self) -> dict[str, dict[str, int]]:
        """Return the bot's failed calls by method and description."""
        return dict((await self._json("GET", "/calls"))["errors"])

    async def reset(self) -> None:
        """Clear chats, files, updates, faults and counts."""
        await self._json("POST", "/reset")

    async def _look(self, chat_id: int) -> tuple[int, list[ChatMessage]]:
        found = await self._json("GET", f"/chats/{chat_id}/messages")
        messages = [ChatMessage.model_validate(message) for message in found["messages"]]
        return found["sequence"], messages

    async def _wait_events(self, chat_id: int | None, after: int, wait_s: float) -> list[ChatEvent]:
        query = {"after": str(after), "timeout": str(wait_s), "chat_id": str(chat_id or 0)}
        found = await self._json("GET", "/events", params=query)
        return [ChatEvent.model_validate(event) for event in found["events"]]

    async def _post(self, chat_id: int, what: str, body: JsonObject) -> JsonObject:
        return await self._json("POST", f"/chats/{chat_id}/{what}", json=body)

    async def _json(self, method: str, path: str, **sent: Any) -> JsonObject:
        answer: JsonObject = json.loads(await self._request(method, path, **sent))
        return answer

    async def _request(self, method: str, path: str, **sent: Any) -> bytes:
        if self._session is None:
            raise RuntimeError("use the client as an async context manager")
        async with self._session.request(method, self._base + path, **sent) as answer:
            body = await answer.read()
            if answer.status >= _REFUSED:
                raise EmulatorError(f"{answer.status}: {body.decode(errors='replace')}")
            return body
