"""Chats and their messages."""

import itertools
import time
from dataclasses import dataclass, field

from devtools.emulator.errors import ApiError, ImpossibleActionError, bad_request
from devtools.emulator.state.events import EventLog
from devtools.emulator.state.records import (
    CallbackAnswer,
    CallbackQuery,
    ChatAction,
    ChatMessage,
    User,
    Version,
)

_EPOCH = 1_577_836_800
"""2020-01-01 in seconds since 1970; message ids start from the time since then."""


@dataclass(slots=True)
class Chat:
    """A private chat (its id is its user's) or a group (its id is negative)."""

    id: int
    member: User
    blocked: bool = False
    messages: dict[int, ChatMessage] = field(default_factory=dict)
    actions: list[ChatAction] = field(default_factory=list)

    @property
    def is_private(self) -> bool:
        """Whether it has one member besides the bot."""
        return self.id > 0

    def visible(self, message_id: int) -> ChatMessage | None:
        """Return a message unless it was deleted."""
        message = self.messages.get(message_id)
        return None if message is None or message.deleted else message


class ChatStore:
    """All chats, the buttons pressed in them, and the log of their changes."""

    def __init__(self) -> None:
        self.events = EventLog()
        self.callbacks: dict[str, CallbackQuery] = {}
        self._chats: dict[int, Chat] = {}
        self._users: dict[int, User] = {}
        # From the clock: a bot's job store may outlive the emulator, and the same chat and
        # message ids mean the same track.
        self._message_ids = itertools.count(int(time.time()) - _EPOCH)
        self._callback_ids = itertools.count(time.time_ns())

    def user(self, user_id: int) -> User:
        """Return a person, created on first use."""
        return self._users.setdefault(user_id, User(id=user_id))

    def introduce(self, user: User) -> None:
        """Set a person's name and language."""
        self._users[user.id] = user
        if user.id in self._chats:
            self._chats[user.id].member = user

    def open(self, chat_id: int) -> Chat:
        """Return a chat, created on first use."""
        if chat_id not in self._chats:
            self._chats[chat_id] = Chat(chat_id, self.user(abs(chat_id)))
        return self._chats[chat_id]

    def ids(self) -> list[int]:
        """Return the ids of all chats."""
        return list(self._chats)

    def existing(self, chat_id: int) -> Chat:
        """Return a chat.

        Raises:
            ImpossibleActionError: it does not exist.

        """
        if chat_id not in self._chats:
            raise ImpossibleActionError(f"there is no chat {chat_id}")
        return self._chats[chat_id]

    def for_bot(self, chat_id: int | None, written: str) -> Chat:
        """Return a chat for the bot, which cannot create one.

        Args:
            chat_id: the parameter as a number, if it is one.
            written: the parameter as text.

        Raises:
            ApiError: no such chat, or its user has blocked the bot.

        """
        if not written:
            raise bad_request("chat_id is empty")
        chat = self._chats.get(chat_id) if chat_id is not None else None
        if chat is None:
            raise bad_request("chat not found")
        if chat.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        return chat

    def write(
        self,
        chat: Chat,
        sender: User,
        version: Version,
        *,
        reply_to: int | None = None,
        media_group_id: str | None = None,
    ) -> ChatMessage:
        """Add a message."""
        message = ChatMessage(
            message_id=next(self._message_ids),
            chat_id=chat.id,
            sender=sender,
            versions=[version],
            reply_to=reply_to,
            media_group_id=media_group_id,
        )
        chat.messages[message.message_id] = message
        self.events.add("message", chat.id, message=message)
        return message

    def edit(self, message: ChatMessage, version: Version) -> None:
        """Add a version of a message; earlier ones are kept."""
        message.versions.append(version)
        self.events.add("edit", message.chat_id, message=message)

    def delete(self, message: ChatMessage) -> None:
        """Mark a message as deleted; its record is kept."""
        message.deleted_at = time.time()
        self.events.add("delete", message.chat_id, message=message)

    def act(self, chat: Chat, action: str) -> None:
        """Add a chat action such as "typing"."""
        chat.actions.append(ChatAction(at=time.time(), action=action))
        self.events.add("action", chat.id, action=action)

    def press(self, message: ChatMessage, user: User, data: str) -> CallbackQuery:
        """Record a pressed button."""
        query = CallbackQuery(
            id=str(next(self._callback_ids)),
            user=user,
            chat_id=message.chat_id,
            message_id=message.message_id,
            data=data,
            at=time.time(),
        )
        self.callbacks[query.id] = query
        self.events.add("press", query.chat_id, message=message, callback=query)
        return query

    def answer(self, query: CallbackQuery, answer: CallbackAnswer) -> None:
        """Record the answer to a pressed button."""
        query.answers.append(answer)
        self.events.add("answer", query.chat_id, callback=query)

    def clear(self) -> None:
        """Clear chats, people and events; ids continue."""
        self.events.clear()
        self.callbacks.clear()
        self._chats.clear()
        self._users.clear()
