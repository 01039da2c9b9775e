"""The people in the chats: they send files and see what comes back."""

import itertools
import json
from collections.abc import Callable, Iterable
from typing import Unpack, cast

from redis import Redis

from devtools.emulator.serving import EmulatorThread
from devtools.emulator.state.faults import Fault
from devtools.emulator.state.records import ChatMessage, MediaKind, MediaOptions

PATIENCE_S = 90.0
"""Seconds that a person waits for an answer, a cold start of the stack included."""
_chats = itertools.count(1000)


class Person:
    """Somebody in a private chat of their own.

    Args:
        telegram: the emulator that the bot talks to.

    """

    def __init__(self, telegram: EmulatorThread) -> None:
        self._telegram = telegram
        self.chat = next(_chats)

    def write(self, text: str) -> None:
        """Send a text."""
        self._telegram.call(lambda state: state.send_text(self.chat, text))

    def send(self, kind: MediaKind, data: bytes, **options: Unpack[MediaOptions]) -> ChatMessage:
        """Send a file."""
        return self._telegram.call(
            lambda state: state.send_media(self.chat, kind, data, **options).snapshot()
        )

    def fault(self, fault: Fault) -> None:
        """Let the bot's next calls about this chat go wrong."""
        mine = fault.model_copy(update={"chat_id": self.chat})
        self._telegram.call(lambda state: state.faults.add(mine))

    def seen(self) -> list[ChatMessage]:
        """What the bot shows, oldest first."""
        messages = self._telegram.call(
            lambda state: [message.snapshot() for message in state.messages(self.chat)]
        )
        return [message for message in messages if message.from_bot and not message.deleted]

    def wait(
        self, condition: Callable[[ChatMessage], bool], limit_s: float = PATIENCE_S
    ) -> ChatMessage:
        """Wait until one of the bot's messages is as wanted."""
        return self._telegram.run(
            lambda state: state.wait_for(
                self.chat, lambda message: message.from_bot and condition(message), limit_s
            )
        ).snapshot()

    def verdict(self, limit_s: float = PATIENCE_S) -> ChatMessage:
        """Wait for the picture with the verdict."""
        return self.wait(lambda m: _kind(m) == "photo" or "😕" in m.shown, limit_s)

    def clip(self) -> ChatMessage:
        """Wait for the clip."""
        return self.wait(lambda message: _kind(message) == "voice")

    def kinds(self) -> list[str]:
        """What the bot shows, by kind."""
        return [_kind(message) for message in self.seen()]

    def content(self, message: ChatMessage) -> bytes:
        """The file in a message."""
        return self._telegram.call(lambda state: state.content(self.chat, message.message_id))


def heard_jobs(redis: Redis, people: Iterable[Person]) -> int:
    """Of how many jobs of some people any features were computed.

    Args:
        redis: client whose values are bytes.
        people: who sent them.

    """
    chats = {person.chat for person in people}
    jobs = [name.removesuffix(b":segments") for name in redis.scan_iter("genrebot:job:*:segments")]
    tracks = [cast("bytes", redis.hget(job.decode(), "track")) for job in jobs]
    return sum(json.loads(track)["chat_id"] in chats for track in tracks)


def _kind(message: ChatMessage) -> str:
    return message.media.kind if message.media else "text"
