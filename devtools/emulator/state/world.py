"""Everything the emulator knows, and what people do in it."""

import asyncio
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Final, Unpack

from devtools.emulator.config import EmulatorConfig
from devtools.emulator.content.markup import utf16_length
from devtools.emulator.content.objects import callback_object, message_object
from devtools.emulator.errors import ImpossibleActionError
from devtools.emulator.http.webhook import Courier
from devtools.emulator.state.chats import Chat, ChatBook
from devtools.emulator.state.faults import FaultBook
from devtools.emulator.state.files import FileStore, StoredFile, aggregate
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

_COMMAND: Final = re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,32}(?:@\w+)?(?!\S)")


class EmulatorState:
    """One bot, its chats, files and updates, with the actions of the people in them.

    Everything happens on one event loop; from another thread, use ``EmulatorThread.call``.
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
        self.chats = ChatBook()
        self.files = FileStore()
        self.updates = UpdateQueue()
        self.courier = Courier(self.config, self.updates)
        self.faults = FaultBook()
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
        """Let a person write; the chat begins with the first message.

        Args:
            chat_id: the person's own id for a private chat, a negative number for a group.
            text: what is written, commands included.
            user_id: who writes, in a group.
            reply_to: the message that is answered.

        """
        return self._arrive(
            self.chats.open(chat_id),
            Version(at=time.time(), text=text, entities=_commands(text)),
            user_id=user_id,
            reply_to=reply_to,
        )

    def send_media(
        self, chat_id: int, kind: MediaKind, data: bytes, **options: Unpack[MediaOptions]
    ) -> ChatMessage:
        """Let a person send a file.

        Raises:
            ImpossibleActionError: a photo that is neither PNG nor JPEG.

        """
        described = aggregate(
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
        return self._arrive(
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
        """Let a person change a text of theirs.

        Raises:
            ImpossibleActionError: no such message, not theirs, or without text.

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
        """Let a person press the inline button that carries ``data``.

        Raises:
            ImpossibleActionError: no such message, or no such button on it now.

        """
        chat = self.chats.existing(chat_id)
        message = self._visible(chat, message_id)
        if data not in {button.data for button in message.buttons}:
            raise ImpossibleActionError(f"message {message_id} has no button {data!r}")
        query = self.chats.press(message, self._person(chat, user_id), data)
        self.updates.push("callback_query", callback_object(chat, message, query))
        return query

    def block(self, chat_id: int, *, blocked: bool = True) -> None:
        """Let a person block the bot, or take that back."""
        self.chats.open(chat_id).blocked = blocked

    def messages(self, chat_id: int) -> list[ChatMessage]:
        """List a chat's messages, oldest first, deleted ones included."""
        return list(self.chats.existing(chat_id).messages.values())

    def content(self, chat_id: int, message_id: int) -> bytes:
        """Give the bytes of the photo, voice or other file in a message.

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
        timeout: float = 10.0,  # noqa: ASYNC109 - running out must tell what the chat showed
    ) -> ChatMessage:
        """Wait until a message of a chat, as it stands, satisfies a condition.

        Args:
            chat_id: the chat, which must have begun.
            predicate: asked about every message, oldest first, after each change.
            timeout: seconds to wait at most.

        Raises:
            TimeoutError: with what the chat showed at the end.

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
        """Forget chats, files, updates, faults and counts; the webhook and commands stay."""
        self.chats.clear()
        self.files.clear()
        self.updates.drop()
        self.faults.clear()
        self.limiter.switch(self.config.rate_limits)
        self.calls.clear()
        self.errors.clear()

    async def close(self) -> None:
        """Wake everyone who waits and stop deliveries."""
        self.updates.close()
        self.chats.events.close()
        await self.courier.stop()

    def _arrive(
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
