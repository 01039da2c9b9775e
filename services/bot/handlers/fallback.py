"""Everything that is no track, in private chats; in groups the bot stays silent."""

from collections import deque
from typing import Final

from aiogram import Router
from aiogram.enums import ChatType, ContentType
from aiogram.filters import Filter
from aiogram.methods import SendMessage
from aiogram.types import Message

from services.bot import texts

SENT_BY_USERS: Final = frozenset(
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
"""What users send. Anything else is a service message of Telegram, such as a pinned message."""

MAX_ALBUMS: Final = 256
"""Albums that are remembered, so that each gets one reply."""


def fallback_router() -> Router:
    """Say what to send instead."""
    router = Router(name="fallback")
    router.message.register(on_something_else, is_sent_in_private, FirstOfAlbum())
    return router


# Filters are coroutines: aiogram runs any other callable, its own ``F`` included, in a thread,
# where it would wait behind calls to Redis.
async def is_sent_in_private(message: Message) -> bool:
    """Whether a user sent this in a private chat."""
    return message.chat.type == ChatType.PRIVATE and message.content_type in SENT_BY_USERS


class FirstOfAlbum(Filter):
    """Accepts one message of each album, so that ten photos get one reply."""

    def __init__(self) -> None:
        self._seen: deque[str] = deque(maxlen=MAX_ALBUMS)

    async def __call__(self, message: Message) -> bool:
        """Whether this message belongs to no album, or is the first one seen of its album."""
        album = message.media_group_id
        if album is None:
            return True
        if album in self._seen:
            return False
        self._seen.append(album)
        return True


async def on_something_else(message: Message) -> SendMessage:
    """Name what was sent, and say what would work."""
    return message.answer(texts.instead(message.content_type))
