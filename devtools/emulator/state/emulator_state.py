"""The emulator's state, and the actions of people."""

import asyncio
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Final, Unpack

from devtools.emulator.config import EmulatorConfig
from devtools.emulator.content.markup import utf16_length
from devtools.emulator.errors import ImpossibleActionError
from devtools.emulator.state.api_objects import callback_object, message_object
from devtools.emulator.state.chats import Chat, ChatStore
from devtools.emulator.state.faults import FaultQueue
from devtools.emulator.state.files import FileStore, StoredFile, describe_media
from devtools.emulator.state.limits import RateLimiter
from devtools.emulator.state.records import (
    CallbackQuery,
    ChatMessage,
    JsonObject,
    MediaKind,
    MediaOptions,
    User,
    Version,
)
from devtools.emulator.state.updates import UpdateQueue
from devtools.emulator.state.webhook import WebhookDelivery

_COMMAND: Final = re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,32}(?:@\w+)?(?!\S)")


class EmulatorState:
    """One bot with its chats, files and updates, and the actions of people.

    Not thread-safe: from other threads than the event loop's, use ``EmulatorThread.call``.
    """

    def __init__(self, config: EmulatorConfig | None = None) -> None:
        self.config = config or EmulatorConfig()
        self.bot = User(
            id=self.config.bot_id,
            is_bot=True,
            first_name=self.config.bot_name,
            username=self.config.bot_username,
            language_code=None,
        )
        self.chats = ChatStore()
        self.files = FileStore()
        self.updates = UpdateQueue()
        self.webhook_delivery = WebhookDelivery(self.config, self.updates)
        self.faults = FaultQueue()
        self.limiter = RateLimiter(self.config.rate_limits)
        self.profile: dict[str, JsonObject | list[JsonObject]] = {}
        self.calls: Counter[str] = Counter()
        self.errors: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def send_text(
        self,
        chat_id: int,
        text: str,
        *,
        user_id: int | None = None,
        reply_to: int | None = None,
    ) -> ChatMessage:
        """Send a text as a person; the first message creates the chat.

        Args:
            chat_id: the person's own id for a private chat, a negative number for a group.
            text: the text, commands included.
            user_id: the sender, in a group.
            reply_to: the message that it replies to.

        """
        return self._deliver(
            self.chats.open(chat_id),
            Version(at=time.time(), text=text, entities=_commands(text)),
            user_id=user_id,
            reply_to=reply_to,
        )

    def send_media(
        self, chat_id: int, kind: MediaKind, data: bytes, **options: Unpack[MediaOptions]
    ) -> ChatMessage:
        """Send a file as a person.

        Raises:
            ImpossibleActionError: a photo that is neither PNG nor JPEG.

        """
        described = describe_media(
            kind,
            data,
            file_name=options.get("file_name"),
            mime_type=options.get("mime_type"),
            duration=options.get("duration"),
            title=options.get("title"),
            performer=options.get("performer"),
            file_size=options.get("file_size"),
        )
        if kind == "photo" and not described.width:
            raise ImpossibleActionError("a photo must be a PNG or JPEG")
        return self._deliver(
            self.chats.open(chat_id),
            Version(
                at=time.time(),
                caption=options.get("caption"),
                media=self.files.add(described, data, chat_id),
            ),
            user_id=options.get("user_id"),
            reply_to=options.get("reply_to"),
            media_group_id=options.get("media_group_id"),
        )

    def edit_text(self, chat_id: int, message_id: int, text: str) -> ChatMessage:
        """Edit a text as its sender.

        Raises:
            ImpossibleActionError: no such message, not a person's, or without text.

        """
        chat = self.chats.existing(chat_id)
        message = self._visible(chat, message_id)
        if message.from_bot or message.text is None:
            raise ImpossibleActionError(f"message {message_id} is not a text of a person")
        self.chats.edit(message, Version(at=time.time(), text=text, entities=_commands(text)))
        self.updates.push("edited_message", message_object(chat, message))
        return message

    def press(
        self, chat_id: int, message_id: int, data: str, *, user_id: int | None = None
    ) -> CallbackQuery:
        """Press the inline button with ``data`` as a person.

        Raises:
            ImpossibleActionError: no such message, or it has no such button now.

        """
        chat = self.chats.existing(chat_id)
        message = self._visible(chat, message_id)
        if data not in {button.data for button in message.buttons}:
            raise ImpossibleActionError(f"message {message_id} has no button {data!r}")
        query = self.chats.press(message, self._person(chat, user_id), data)
        self.updates.push("callback_query", callback_object(chat, message, query))
        return query

    def block(self, chat_id: int, *, blocked: bool = True) -> None:
        """Block or unblock the bot as a person."""
        self.chats.open(chat_id).blocked = blocked

    def messages(self, chat_id: int) -> list[ChatMessage]:
        """Return a chat's messages, oldest first, deleted ones included."""
        return list(self.chats.existing(chat_id).messages.values())

    def content(self, chat_id: int, message_id: int) -> bytes:
        """Return the bytes of a message's photo, voice or other file.

        Raises:
            ImpossibleActionError: no such message, or no file in it.

        """
        message = self.chats.existing(chat_id).messages.get(message_id)
        stored: StoredFile | None = None
        if message and message.media:
            stored = self.files.get(message.media.file_id)
        if stored is None:
            raise ImpossibleActionError(f"message {message_id} holds no file")
        return stored.data

    async def wait_for(
        self,
        chat_id: int,
        predicate: Callable[[ChatMessage], bool],
        timeout: float = 10.0,  # noqa: ASYNC109 - the error holds the chat's texts
    ) -> ChatMessage:
        """Wait until a message of a chat, as it stands, satisfies a condition.

        Args:
            chat_id: the chat, which must exist.
            predicate: called with every message, oldest first, after each change.
            timeout: seconds to wait at most.

        Raises:
            TimeoutError: the message holds the chat's texts.

        """
        try:
            async with asyncio.timeout(timeout):
                while True:
                    sequence = self.chats.events.sequence
                    for message in self.messages(chat_id):
                        if predicate(message):
                            return message
                    await self.chats.events.wait(sequence, chat_id)
        except TimeoutError:
            shown = [message.shown for message in self.messages(chat_id)]
            raise TimeoutError(f"chat {chat_id} shows {shown} after {timeout} s") from None

    def reset(self) -> None:
        """Clear chats, files, updates, faults and counts; the webhook and commands are kept."""
        self.chats.clear()
        self.files.clear()
        self.updates.drop()
        self.faults.clear()
        self.limiter.switch(self.config.rate_limits)
        self.calls.clear()
        self.errors.clear()

    async def close(self) -> None:
        """End waiting polls and readers, and stop webhook deliveries."""
        self.updates.close()
        self.chats.events.close()
        await self.webhook_delivery.stop()

    def _deliver(
        self,
        chat: Chat,
        version: Version,
        *,
        user_id: int | None,
        reply_to: int | None,
        media_group_id: str | None = None,
    ) -> ChatMessage:
        message = self.chats.write(
            chat,
            self._person(chat, user_id),
            version,
            reply_to=reply_to,
            media_group_id=media_group_id,
        )
        self.updates.push("message", message_object(chat, message))
        return message

    def _person(self, chat: Chat, user_id: int | None) -> User:
        return chat.member if user_id is None or chat.is_private else self.chats.user(user_id)

    def _visible(self, chat: Chat, message_id: int) -> ChatMessage:
        message = chat.visible(message_id)
        if message is None:
            raise ImpossibleActionError(f"there is no message {message_id}")
        return message


def _commands(text: str) -> list[JsonObject]:
    return [
        {
            "type": "bot_command",
            "offset": utf16_length(text[: found.start()]),
            "length": utf16_length(found[0]),
        }
        for found in _COMMAND.finditer(text)
    ]
