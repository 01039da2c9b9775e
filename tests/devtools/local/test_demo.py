"""The demo looks over a person's shoulder; the bot here is one of the test's own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import BufferedInputFile, InputMediaPhoto

from devtools.emulator.serving import Emulator, running_emulator
from devtools.local import demo
from devtools.local.demo import CHAT_ID, Demo, DemoError
from tests.sounds import encode, picture, tune

Play = Callable[[Bot], Coroutine[Any, Any, None]]


@asynccontextmanager
async def _bot(emulator: Emulator) -> AsyncIterator[Bot]:
    server = TelegramAPIServer.from_base(emulator.base_url)
    async with Bot(emulator.token, session=AiohttpSession(api=server)) as bot:
        yield bot


async def _updates(bot: Bot, count: int) -> None:
    """Wait for so many messages of the person."""
    offset = None
    while count:
        for update in await bot.get_updates(offset=offset, timeout=5):
            offset, count = update.update_id + 1, count - 1
    await bot.get_updates(offset=offset, limit=1, timeout=0)  # confirms what was seen


async def _watch(
    play: Play, out: Path, *, check: Callable[[], None] = lambda: None, limit_s: float = 5
) -> tuple[list[Path], list[str]]:
    """Run the demo against a bot that does what ``play`` says; files and lines."""
    lines: list[str] = []
    async with running_emulator() as emulator, emulator.client() as client, _bot(emulator) as bot:
        demo = Demo(client=client, out=out, echo=lines.append, check=check, limit_s=limit_s)
        playing = asyncio.create_task(play(bot))
        try:
            return await demo.run(b"music", "a.mp3"), lines
        finally:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)


async def _answer(bot: Bot, *, clip: bool) -> None:
    await _updates(bot, 1)
    await bot.send_message(CHAT_ID, "Hello!")
    await _updates(bot, 1)
    status = await bot.send_message(CHAT_ID, "Step 1 of 5")
    await bot.edit_message_text("Step 2 of 5", chat_id=CHAT_ID, message_id=status.message_id)
    photo = InputMediaPhoto(media=BufferedInputFile(picture(), "g.jpg"), caption="🎵 Jazz\nsure")
    await bot.edit_message_media(photo, chat_id=CHAT_ID, message_id=status.message_id)
    if clip:
        voice = BufferedInputFile(encode(tune(2), "opus"), "c.ogg")
        await bot.send_voice(CHAT_ID, voice, caption="This part")


async def test_the_chat_is_shown_as_it_changes(tmp_path: Path) -> None:
    """Both sides, every edit in its place, files by their names."""
    _, lines = await _watch(lambda bot: _answer(bot, clip=True), tmp_path)
    told = [line.partition(" s ")[2] or line.strip() for line in lines]
    assert told == [
        "  you │ /start",
        "  bot │ Hello!",
        "  you │ [a.mp3]",
        "  bot │ Step 1 of 5",
        "✎ bot │ Step 2 of 5",
        "✎ bot │ [photo]",
        "│ 🎵 Jazz",
        "│ sure",
        "  bot │ [voice]",
        "│ This part",
    ]


async def test_picture_and_clip_are_saved(tmp_path: Path) -> None:
    """In a folder that is made."""
    out = tmp_path / "new"
    saved, _ = await _watch(lambda bot: _answer(bot, clip=True), out)
    assert [path.name for path in saved] == ["genre.png", "clip.ogg"]
    assert saved[0].read_bytes() == picture()
    assert saved[1].read_bytes().startswith(b"OggS")


async def test_a_verdict_without_a_clip_is_a_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Short tracks have none."""
    monkeypatch.setattr(demo, "CLIP_WAIT_S", 0.2)
    saved, _ = await _watch(lambda bot: _answer(bot, clip=False), tmp_path)
    assert [path.name for path in saved] == ["genre.png"]


async def test_a_refusal_is_a_failure(tmp_path: Path) -> None:
    """The sentence is on the screen; the demo did not do what it is for."""

    async def refuse(bot: Bot) -> None:
        await _updates(bot, 1)
        await bot.send_message(CHAT_ID, "Hello!")
        await _updates(bot, 1)
        await bot.send_message(CHAT_ID, "a.mp3\n😕 This is not a sound file.")

    with pytest.raises(DemoError, match="could not classify"):
        await _watch(refuse, tmp_path)


async def test_silence_is_a_failure(tmp_path: Path) -> None:
    """After the limit, with the limit named."""

    async def sleep(_: Bot) -> None:
        await asyncio.sleep(30)

    with pytest.raises(DemoError, match="silent for 1 s"):
        await _watch(sleep, tmp_path, limit_s=1)


async def test_a_process_that_ends_is_a_failure_at_once(tmp_path: Path) -> None:
    """Nobody waits ten minutes for a worker that is not there."""

    async def sleep(_: Bot) -> None:
        await asyncio.sleep(30)

    def check() -> None:
        raise DemoError("the worker ended with exit code 1")

    with pytest.raises(DemoError, match="the worker ended"):
        await _watch(sleep, tmp_path, check=check, limit_s=30)
