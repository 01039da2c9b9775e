"""Turns away users and chats that the operator does not serve."""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiogram import BaseMiddleware
from aiogram.enums import ChatType
from aiogram.types import Chat, TelegramObject, Update, User

from services.bot import texts
from services.bot.config import AccessSettings

MAX_TOLD: Final = 1000
"""Users that are remembered, so that each is told once that the bot does not serve them."""


class Access(BaseMiddleware):
    """Outer middleware of updates, inside the outbox.

    Args:
        settings: Whom the bot serves.

    """

    def __init__(self, settings: AccessSettings) -> None:
        self._settings = settings
        self._told: deque[int] = deque(maxlen=MAX_TOLD)

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Handle the updates of those who are served; tell others once, in private chats."""
        user: User | None = data.get("event_from_user")
        chat: Chat | None = data.get("event_chat")
        ids = {party.id for party in (user, chat) if party is not None}
        if ids & self._settings.blocked_ids:
            return None
        if not self._settings.allowed_ids or ids & self._settings.allowed_ids:
            return await handler(event, data)
        return self._turn_away(event, user)

    def _turn_away(self, event: TelegramObject, user: User | None) -> Any:
        message = event.message if isinstance(event, Update) else None
        if message is None or user is None or message.chat.type != ChatType.PRIVATE:
            return None
        if user.id in self._told:
            return None
        self._told.append(user.id)
        return message.answer(texts.NOT_SERVED)
