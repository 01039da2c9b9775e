"""Everything that is no track, in private chats; groups are left in peace."""

from collections import deque
from typing import Final

from aiogram import Router
from aiogram.enums import ChatType, ContentType
from aiogram.filters import Filter
from aiogram.methods import SendMessage
from aiogram.types import Message

from services.bot import texts

ANSWERED: Final = frozenset(
    {
        ContentType.ANIMATION,
        ContentType.CHECKLIST,
        ContentType.CONTACT,
        ContentType.DICE,
        ContentType.DOCUMENT,
        ContentType.GAME,
        ContentType.LIVE_PHOTO,
        ContentType.LOCATION,
        ContentType.PAID_MEDIA,
        ContentType.PHOTO,
        ContentType.POLL,
        ContentType.RICH_MESSAGE,
        ContentType.STICKER,
        ContentType.STORY,
        ContentType.TEXT,
        ContentType.VENUE,
    }
)
"""What people send. Anything else is Telegram telling of itself (a pinned message, say)."""

ALBUMS_KEPT: Final = 256


def fallback_router() -> Router:
    """Say what to send instead."""
    router = Router(name="fallback")
    router.message.register(
        on_something_else,
        deserves_an_answer,
        FirstOfAlbum(),
    )
    return router


# Filters are coroutines: aiogram runs any other kind on a thread, and there it would queue up
# behind calls to Redis (its own ``F`` included).
async def deserves_an_answer(message: Message) -> bool:
    """Whether a person sent this, and to us alone."""
    return message.chat.type == ChatType.PRIVATE and message.content_type in ANSWERED


class FirstOfAlbum(Filter):
    """Lets one message of each album through: ten photos deserve one answer."""

    def __init__(self) -> None:
        self._seen: deque[str] = deque(maxlen=ALBUMS_KEPT)

    async def __call__(self, message: Message) -> bool:
        """Whether this is a message of its own or the first seen of its album."""
        album = message.media_group_id
        if album is None:
            return True
        if album in self._seen:
            return False
        self._seen.append(album)
        return True


async def on_something_else(message: Message) -> SendMessage:
    """Name what was sent, and what would work."""
    return message.answer(texts.instead(message.content_type))
