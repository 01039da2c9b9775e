"""Faults on request, as aiogram meets them."""

import asyncio
import io
import time

import aiohttp
import pytest
from aiogram import Bot
from aiogram.exceptions import (
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)

from devtools.emulator import Emulator, EmulatorClient, Fault, RateLimits

CHAT, OTHER = 7, 8


@pytest.fixture(autouse=True)
def begun(emulator: Emulator) -> None:
    """Let two chats begin."""
    emulator.state.send_text(CHAT, "/start")
    emulator.state.send_text(OTHER, "/start")


def from_bot(emulator: Emulator, chat_id: int = CHAT) -> list[str]:
    """List what the bot has written in a chat."""
    return [message.shown for message in emulator.state.messages(chat_id) if message.from_bot]


async def test_retry_after(bot: Bot, people: EmulatorClient, emulator: Emulator) -> None:
    """The next two calls get 429 with the seconds to wait, the third goes through."""
    await people.add_fault(Fault(kind="retry_after", retry_after=3, times=2))
    for _ in range(2):
        with pytest.raises(TelegramRetryAfter) as caught:
            await bot.send_message(CHAT, "x")
        assert caught.value.retry_after == 3
    await bot.send_message(CHAT, "through")
    assert from_bot(emulator) == ["through"]
    assert (await people.calls())["sendMessage"] == 3
    refused = {"Too Many Requests: retry after 3": 2}
    assert await people.errors() == {"sendMessage": refused}


async def test_server_error_for_one_chat(bot: Bot, people: EmulatorClient) -> None:
    """A fault for one method in one chat leaves other chats and methods alone."""
    await people.add_fault(
        Fault(kind="server_error", status=500, method="sendMessage", chat_id=CHAT)
    )
    await bot.send_message(OTHER, "x")
    await bot.send_chat_action(CHAT, "typing")
    with pytest.raises(TelegramServerError, match="Internal Server Error"):
        await bot.send_message(CHAT, "x")


async def test_faults_come_in_order(bot: Bot, people: EmulatorClient) -> None:
    """Faults for the same call come one after the other; clearing ends them."""
    await people.add_fault(Fault(kind="server_error"))
    await people.add_fault(Fault(kind="retry_after", times=None))
    with pytest.raises(TelegramServerError, match="Bad Gateway"):
        await bot.get_me()
    for _ in range(3):
        with pytest.raises(TelegramRetryAfter):
            await bot.get_me()
    await people.clear_faults()
    await bot.get_me()


async def test_polling_is_spared(bot: Bot, people: EmulatorClient) -> None:
    """A fault for every method spares getUpdates unless it is named."""
    await people.add_fault(Fault(kind="server_error"))
    await bot.get_updates()
    await people.clear_faults()
    await people.add_fault(Fault(kind="server_error", method="getUpdates"))
    with pytest.raises(TelegramServerError):
        await bot.get_updates()


@pytest.mark.parametrize(("kind", "written"), [("drop", []), ("drop_after", ["x"])])
async def test_dropped_connection(
    bot: Bot, emulator: Emulator, kind: str, written: list[str]
) -> None:
    """A lost connection looks the same to the bot whether the message was written or not."""
    emulator.state.faults.add(Fault.model_validate({"kind": kind}))
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(CHAT, "x")
    assert from_bot(emulator) == written


async def test_delay(bot: Bot, emulator: Emulator) -> None:
    """A slow answer runs into the bot's timeout, yet the method is carried out."""
    emulator.state.faults.add(Fault(kind="delay", seconds=0.4))
    with pytest.raises(TelegramNetworkError, match="timeout"):
        await bot.send_message(CHAT, "late", request_timeout=0.1)  # type: ignore[arg-type]
    await emulator.state.wait_for(CHAT, lambda message: message.text == "late", timeout=2)


@pytest.fixture
async def path(bot: Bot, emulator: Emulator) -> str:
    """The download path of a file of 20 000 bytes."""
    message = emulator.state.send_media(CHAT, "audio", b"\1" * 20_000)
    assert message.media
    file = await bot.get_file(message.media.file_id)
    assert file.file_path
    return file.file_path


async def download(bot: Bot, path: str) -> bytes:
    """Download a file into memory."""
    target = io.BytesIO()
    await bot.download_file(path, target)
    return target.getvalue()


async def test_slow_download(bot: Bot, path: str, emulator: Emulator) -> None:
    """A download arrives whole at the speed asked for, the next one at once."""
    emulator.state.faults.add(Fault(kind="slow_download", bytes_per_second=40_000))
    begun = time.monotonic()
    assert await download(bot, path) == b"\1" * 20_000
    assert time.monotonic() - begun > 0.4
    begun = time.monotonic()
    assert len(await download(bot, path)) == 20_000
    assert time.monotonic() - begun < 0.3


async def test_abandoned_download(
    bot: Bot, path: str, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """A bot that hangs up in the middle of a slow download leaves no traceback behind."""
    emulator.state.faults.add(Fault(kind="slow_download", bytes_per_second=20_000))
    with pytest.raises(TimeoutError):
        await bot.download_file(path, io.BytesIO(), timeout=0.15)  # type: ignore[arg-type]
    await asyncio.sleep(0.3)
    assert not caplog.records


async def test_truncated_download(bot: Bot, path: str, emulator: Emulator) -> None:
    """A download that breaks off is an error, not a short file."""
    emulator.state.faults.add(Fault(kind="truncate", fraction=0.5))
    with pytest.raises(aiohttp.ClientPayloadError):
        await download(bot, path)
    assert len(await download(bot, path)) == 20_000
    assert emulator.state.calls["download"] == 2


@pytest.mark.parametrize("fault", ["drop", "server_error", "retry_after"])
async def test_failed_download(bot: Bot, path: str, emulator: Emulator, fault: str) -> None:
    """Downloads can fail as methods do, once named."""
    # For good: aiohttp repeats a GET by itself when a kept connection breaks.
    emulator.state.faults.add(
        Fault.model_validate({"kind": fault, "method": "download", "times": None})
    )
    with pytest.raises(aiohttp.ClientError):
        await download(bot, path)
    emulator.state.faults.clear()
    assert len(await download(bot, path)) == 20_000


async def test_rate_limits(bot: Bot, people: EmulatorClient) -> None:
    """With limits on, writing too fast gets 429; other chats and chat actions go on."""
    await people.limit_rates(RateLimits(chat_per_second=5, chat_burst=2))
    message = await bot.send_message(CHAT, "0")
    await message.edit_text("1")
    with pytest.raises(TelegramRetryAfter) as caught:
        await message.edit_text("2")
    assert caught.value.retry_after == 1
    await bot.send_chat_action(CHAT, "typing")
    await bot.send_message(OTHER, "x")
    await asyncio.sleep(0.25)
    await message.edit_text("3")
    await people.limit_rates(None)
    for number in range(4, 10):
        await message.edit_text(str(number))
