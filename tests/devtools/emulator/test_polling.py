"""getUpdates: waiting, confirming, and getting in each other's way."""

import asyncio
import time

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramConflictError

from devtools.emulator import Emulator, EmulatorClient

CHAT = 7


async def test_bot_knows_itself(bot: Bot, emulator: Emulator) -> None:
    """GetMe names the bot whose id stands in the token."""
    me = await bot.get_me()
    assert (me.id, me.is_bot, me.username) == (bot.id, True, emulator.state.config.bot_username)


async def test_poll_wakes_on_update(bot: Bot, people: EmulatorClient) -> None:
    """A waiting poll is answered as soon as somebody writes, not when its time is over."""
    poll = asyncio.create_task(bot.get_updates(timeout=10))
    await asyncio.sleep(0.1)
    assert not poll.done()
    written = time.monotonic()
    await people.send_text(CHAT, "/start now")
    updates = await poll
    assert time.monotonic() - written < 1
    message = updates[0].message
    assert message
    assert message.text == "/start now"
    assert message.chat.id == CHAT
    assert message.from_user
    assert message.from_user.language_code == "en"
    assert [entity.type for entity in message.entities or []] == ["bot_command"]


async def test_poll_runs_out(bot: Bot) -> None:
    """Without updates a poll waits for its whole timeout and comes back empty."""
    begun = time.monotonic()
    assert await bot.get_updates(timeout=1) == []
    assert 0.9 < time.monotonic() - begun < 2


async def test_offset_confirms(bot: Bot, people: EmulatorClient) -> None:
    """Updates come again until a later offset confirms them."""
    for text in ("a", "b", "c"):
        await people.send_text(CHAT, text)
    first = await bot.get_updates()
    assert [update.update_id for update in await bot.get_updates()] == [
        update.update_id for update in first
    ]
    rest = await bot.get_updates(offset=first[1].update_id)
    assert [update.message.text for update in rest if update.message] == ["b", "c"]
    assert await bot.get_updates(offset=first[2].update_id + 1) == []
    assert await bot.get_updates() == []


async def test_negative_offset_and_limit(bot: Bot, people: EmulatorClient) -> None:
    """An offset of -2 forgets all but the last two; limit gives the oldest of those."""
    for text in ("a", "b", "c"):
        await people.send_text(CHAT, text)
    updates = await bot.get_updates(offset=-2, limit=1)
    assert [update.message.text for update in updates if update.message] == ["b"]
    assert len(await bot.get_updates()) == 2


async def test_second_poll_ends_first(bot: Bot, people: EmulatorClient) -> None:
    """Of two waiting polls the earlier gets 409, the later goes on waiting."""
    first = asyncio.create_task(bot.get_updates(timeout=10))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(bot.get_updates(timeout=10))
    with pytest.raises(TelegramConflictError, match="terminated by other getUpdates"):
        await first
    await people.send_text(CHAT, "for the second")
    assert len(await second) == 1


async def test_allowed_updates_keep_out(bot: Bot, people: EmulatorClient) -> None:
    """Kinds that the bot did not name are not queued; an empty list brings them back."""
    await bot.get_updates(allowed_updates=["callback_query"])
    await people.send_text(CHAT, "unheard")
    assert await bot.get_updates() == []
    await bot.get_updates(allowed_updates=[])
    await people.send_text(CHAT, "heard")
    assert len(await bot.get_updates()) == 1


async def test_edited_text_is_an_update(bot: Bot, people: EmulatorClient) -> None:
    """A person who edits a text makes an edited_message update."""
    message = await people.send_text(CHAT, "helo")
    await people.edit_text(CHAT, message.message_id, "hello")
    edited = (await bot.get_updates())[-1].edited_message
    assert edited
    assert edited.text == "hello"
    assert edited.edit_date
