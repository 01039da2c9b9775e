"""The demo: a person sends a track to the bot, and we look over their shoulder."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from devtools.emulator.client import EmulatorClient
from devtools.emulator.state.records import ChatEvent, ChatMessage

CHAT_ID = 1001
"""The private chat of the demo's one person."""
PICTURE, CLIP = "genre.png", "clip.ogg"
CLIP_WAIT_S = 5.0
"""Seconds to wait for the clip once the verdict is there."""
WATCH_S = 0.5
"""Seconds between two looks at whether the processes still live."""


class DemoError(Exception):
    """The demo did not end with a verdict."""


@dataclass
class Demo:
    """One conversation, shown as it changes.

    Args:
        client: of the emulator that plays Telegram.
        out: folder for the picture and the clip.
        echo: prints a line.
        check: raises when the processes behind the bot have ended.
        limit_s: seconds until a missing answer counts as failure.

    """

    client: EmulatorClient
    out: Path
    echo: Callable[[str], object]
    check: Callable[[], None]
    limit_s: float
    _started: float = field(default_factory=time.monotonic)

    async def run(self, data: bytes, name: str) -> list[Path]:
        """Greet the bot, send the track, follow the chat to its end.

        Returns:
            The files that were saved: the picture, and the clip where one was sent.

        Raises:
            DemoError: there is no verdict.

        """
        after = await self._sequence()
        await self.client.send_text(CHAT_ID, "/start")
        after = (await self._follow(after, lambda m: m.from_bot)).sequence
        await self.client.send_document(CHAT_ID, data, file_name=name)
        end = await self._follow(after, lambda m: m.from_bot and _is_answer(m))
        answer = end.message
        if answer is None or answer.media is None:
            raise DemoError("the bot could not classify this track")
        self.out.mkdir(parents=True, exist_ok=True)
        saved = [self._save(PICTURE, await self.client.photo(CHAT_ID, answer.message_id))]
        try:
            voice = await self._follow(end.sequence, _is_voice, limit_s=CLIP_WAIT_S)
        except DemoError:
            return saved
        assert voice.message is not None, "_is_voice saw it"  # noqa: S101 - for the type checker
        clip = await self.client.voice(CHAT_ID, voice.message.message_id)
        return [*saved, self._save(CLIP, clip)]

    async def _sequence(self) -> int:
        """Where the log of an emulator that has been in use stands."""
        try:
            async with asyncio.timeout(WATCH_S):
                last = 0
                async for event in self.client.events(CHAT_ID):
                    last = event.sequence
        except TimeoutError:
            pass
        return last

    async def _follow(
        self, after: int, ended: Callable[[ChatMessage], bool], limit_s: float | None = None
    ) -> ChatEvent:
        """Print changes until one leaves a message that satisfies the condition."""
        watcher = asyncio.create_task(self._watch())
        reader = asyncio.create_task(self._read(after, ended))
        limit = self.limit_s if limit_s is None else limit_s
        done, pending = await asyncio.wait(
            {watcher, reader}, timeout=limit, return_when=asyncio.FIRST_COMPLETED
        )
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        if watcher in done:
            watcher.result()
        if reader not in done:
            raise DemoError(f"the bot was silent for {limit:.0f} s")
        return reader.result()

    async def _read(self, after: int, ended: Callable[[ChatMessage], bool]) -> ChatEvent:
        async for event in self.client.events(CHAT_ID, after=after):
            if event.message is None or event.kind not in {"message", "edit"}:
                continue
            self._show(event)
            if ended(event.message):
                return event
        raise DemoError("the emulator went away")

    async def _watch(self) -> None:
        while True:
            self.check()
            await asyncio.sleep(WATCH_S)

    def _show(self, event: ChatEvent) -> None:
        message = event.message
        assert message is not None, "the caller looked"  # noqa: S101 - for the type checker
        who = "bot" if message.from_bot else "you"
        mark = "✎" if event.kind == "edit" else " "
        elapsed = time.monotonic() - self._started
        lines = message.shown.splitlines()
        if message.media is not None:
            lines.insert(0, f"[{message.media.file_name or message.media.kind}]")
        head = f"{elapsed:6.1f} s {mark} {who} │ "
        for number, line in enumerate(lines):
            self.echo((head if number == 0 else " " * (len(head) - 2) + "│ ") + line)

    def _save(self, name: str, data: bytes) -> Path:
        path = self.out / name
        path.write_bytes(data)
        return path


def _is_answer(message: ChatMessage) -> bool:
    return message.media is not None or message.shown.startswith("😕") or "\n😕" in message.shown


def _is_voice(message: ChatMessage) -> bool:
    return message.media is not None and message.media.kind == "voice"
