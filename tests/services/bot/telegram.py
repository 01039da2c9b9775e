"""An aiogram session that stands in for Telegram: it records requests and makes up results."""

import asyncio
import json
import time
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Callable
from typing import Any, TypeVar, cast

from aiogram import Bot
from aiogram.client.session.base import BaseSession
from aiogram.exceptions import TelegramNetworkError
from aiogram.methods import (
    AnswerCallbackQuery,
    DeleteWebhook,
    EditMessageText,
    GetMe,
    GetUpdates,
    SendMessage,
    SetMyCommands,
    TelegramMethod,
)
from aiogram.types import Update

T = TypeVar("T")
Method = TypeVar("Method", bound=TelegramMethod[Any])

ME = {"id": 42, "is_bot": True, "first_name": "Genrebot", "username": "genrebot"}


class FakeTelegram(BaseSession):
    """Results pass aiogram's own ``check_response``, so errors are the real ones."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[TelegramMethod[Any]] = []
        self.times: list[float] = []
        self.pending: list[Update | dict[str, Any]] = []
        """Updates that are not confirmed; a dictionary is delivered as it is."""
        self.delay_s: dict[int, float] = {}
        """Seconds that requests to a chat take."""
        self.closed = False
        self.webhook = False
        """Whether a webhook is set, which forbids polling."""
        self.on_poll: Callable[[int], None] = lambda _: None
        """Called with the offset of each request for updates."""
        self._failures: dict[type[TelegramMethod[Any]], deque[dict[str, Any] | None]] = defaultdict(
            deque
        )
        self._last_id = 100

    def fail(
        self,
        method: type[TelegramMethod[Any]],
        code: int,
        description: str,
        *,
        retry_after: int | None = None,
        times: int = 1,
    ) -> None:
        """Fail the next calls of a method with an error of the Bot API."""
        response: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
        if retry_after is not None:
            response["parameters"] = {"retry_after": retry_after}
        self._failures[method].extend([response] * times)

    def cut(self, method: type[TelegramMethod[Any]], *, times: int = 1) -> None:
        """Fail the next calls of a method with an error of the network."""
        self._failures[method].extend([None] * times)

    def of(self, method: type[Method]) -> list[Method]:
        """Requests of one method, in order."""
        return [request for request in self.requests if isinstance(request, method)]

    @property
    def texts(self) -> list[str]:
        """Texts of messages sent or edited, in order."""
        return [
            str(request.text)
            for request in self.requests
            if isinstance(request, SendMessage | EditMessageText)
        ]

    async def close(self) -> None:
        """Record that the session was closed."""
        self.closed = True

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[T],
        timeout: int | None = None,  # noqa: ASYNC109 - aiogram's signature
    ) -> T:
        """Record a request and return its result."""
        del timeout
        self.requests.append(method.model_copy())  # aiogram's polling changes its own in place
        self.times.append(time.monotonic())
        await asyncio.sleep(self.delay_s.get(getattr(method, "chat_id", 0), 0))
        if self.webhook and isinstance(method, GetUpdates):
            self.fail(GetUpdates, 409, "Conflict: can't use getUpdates while webhook is active")
        failures = self._failures[type(method)]
        if failures:
            failure = failures.popleft()
            if failure is None:
                raise TelegramNetworkError(method, "Request timeout error")
            return self._respond(bot, method, failure["error_code"], failure)
        if isinstance(method, GetUpdates):
            result: Any = await self._updates(method)
        else:
            result = self._result(method)
        return self._respond(bot, method, 200, {"ok": True, "result": result})

    async def stream_content(
        self,
        url: str,
        headers: dict[str, Any] | None = None,
        timeout: int = 30,  # noqa: ASYNC109 - aiogram's signature
        chunk_size: int = 65536,
        raise_for_status: bool = True,  # noqa: FBT001, FBT002 - aiogram's signature
    ) -> AsyncGenerator[bytes, None]:
        """Fail: the bot never downloads."""
        del headers, timeout, chunk_size, raise_for_status
        if url:
            raise AssertionError(f"the bot downloads {url}")
        yield b""

    def _respond(
        self, bot: Bot, method: TelegramMethod[T], code: int, content: dict[str, Any]
    ) -> T:
        response = self.check_response(bot, method, code, json.dumps(content))
        return cast("T", response.result)

    async def _updates(self, method: GetUpdates) -> list[dict[str, Any]]:
        offset = method.offset or 0
        self.on_poll(offset)
        raw = [
            update
            if isinstance(update, dict)
            else update.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
            for update in self.pending
        ]
        self.pending = [update for update in raw if update["update_id"] >= offset]
        if not self.pending:
            await asyncio.sleep(0.01)
        return raw[len(raw) - len(self.pending) :]

    def _result(self, method: TelegramMethod[Any]) -> Any:
        if isinstance(method, GetMe):
            return ME
        if isinstance(method, DeleteWebhook):
            self.webhook = False
        if isinstance(method, SetMyCommands | AnswerCallbackQuery | DeleteWebhook):
            return True
        if isinstance(method, SendMessage | EditMessageText):
            self._last_id += 1
            message_id = getattr(method, "message_id", None) or self._last_id
            chat = {"id": method.chat_id, "type": "private"}
            return {"message_id": message_id, "date": 1, "chat": chat, "text": method.text}
        raise AssertionError(f"unexpected request: {method.__api_method__}")
