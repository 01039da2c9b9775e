"""The people's side: what the client of the control routes can do and see."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from aiogram import Bot
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from devtools.emulator import Emulator, EmulatorClient, EmulatorError
from devtools.emulator.state.records import User

CHAT = 7


async def test_health(people: EmulatorClient, emulator: Emulator) -> None:
    """Health names the bot."""
    assert await people.health() == emulator.state.config.bot_username


async def test_file_from_disk(people: EmulatorClient, bot: Bot, tmp_path: Path) -> None:
    """A path is sent under its own name, in whatever script."""
    song = tmp_path / "Ночь «live».ogg"
    song.write_bytes(b"OggS")
    sent = await people.send_audio(CHAT, song, mime_type="audio/ogg", duration=5)
    assert sent.media
    assert (sent.media.file_name, sent.media.duration) == (song.name, 5)
    message = (await bot.get_updates())[0].message
    assert message
    assert message.audio
    assert message.audio.file_name == song.name
    assert await people.content(CHAT, sent.message_id) == b"OggS"


async def test_events_tell_everything(people: EmulatorClient, bot: Bot) -> None:
    """The stream of a chat tells every change in order, each with the message of its time."""
    await people.send_text(CHAT, "hello")
    await people.send_text(8, "another chat")

    async def answer() -> None:
        await bot.send_chat_action(CHAT, "typing")
        keyboard = InlineKeyboardMarkup(
            inline_keyboard=[[InlineKeyboardButton(text="Go", callback_data="go")]]
        )
        message = await bot.send_message(CHAT, "1", reply_markup=keyboard)
        await message.edit_text("2", reply_markup=keyboard)
        query = await people.press(CHAT, message.message_id, "go")
        await bot.answer_callback_query(query.id, "done")
        assert [given.text for given in (await people.callback(query.id)).answers] == ["done"]
        await message.delete()

    task = asyncio.create_task(answer())
    seen = []
    async with asyncio.timeout(5):
        async for event in people.events(CHAT):
            seen.append((event.kind, event.message.shown if event.message else event.action))
            if event.kind == "answer":
                assert event.callback
                assert [given.text for given in event.callback.answers] == ["done"]
            if event.kind == "delete":
                break
    await task
    assert seen == [
        ("message", "hello"),
        ("action", "typing"),
        ("message", "1"),
        ("edit", "2"),
        ("press", "2"),
        ("answer", None),
        ("delete", "2"),
    ]


async def test_wait_for_sees_later_edits(people: EmulatorClient, bot: Bot) -> None:
    """Waiting ends with the edit that satisfies the condition, and tells when it does not."""
    await people.send_text(CHAT, "hello")
    message = await bot.send_message(CHAT, "1")
    wait = asyncio.create_task(people.wait_for(CHAT, lambda shown: shown.text == "2", timeout=5))
    await asyncio.sleep(0.05)
    await message.edit_text("2")
    assert (await wait).message_id == message.message_id
    with pytest.raises(TimeoutError, match=r"chat 7 shows \['hello', '2'\]"):
        await people.wait_for(CHAT, lambda shown: shown.text == "3", timeout=0.05)


async def test_impossible_actions(people: EmulatorClient, bot: Bot) -> None:
    """What a person could not do is refused with the reason."""
    with pytest.raises(EmulatorError, match="there is no chat 7"):
        await people.messages(CHAT)
    text = await people.send_text(CHAT, "hello")
    with pytest.raises(EmulatorError, match="has no button 'go'"):
        await people.press(CHAT, text.message_id, "go")
    with pytest.raises(EmulatorError, match="there is no message 99"):
        await people.edit_text(CHAT, 99, "x")
    with pytest.raises(EmulatorError, match="holds no file"):
        await people.photo(CHAT, text.message_id)
    with pytest.raises(EmulatorError, match="must be a PNG or JPEG"):
        await people.send_photo(CHAT, b"GIF89a")
    theirs = await bot.send_message(CHAT, "x")
    with pytest.raises(EmulatorError, match="is not a text of a person"):
        await people.edit_text(CHAT, theirs.message_id, "y")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/chats/7/text", "{}"),
        ("POST", "/chats/7/text", '{"text": "x", "tpyo": 1}'),
        ("POST", "/faults", '{"kind": "earthquake"}'),
        ("PUT", "/limits", '{"chat_per_second": "fast"}'),
        ("POST", "/chats/7/media/audio", ""),
        ("GET", "/events?after=soon", ""),
    ],
)
async def test_malformed_control_requests(
    emulator: Emulator, http: aiohttp.ClientSession, method: str, path: str, body: str
) -> None:
    """Bodies that do not fit get 400 with the reason, never 500."""
    url = f"{emulator.base_url}/_emulator{path}"
    async with http.request(method, url, data=body) as response:
        assert response.status == 400
        assert (await response.json())["error"]


async def test_introduced_person(people: EmulatorClient, bot: Bot) -> None:
    """A person's name and language reach the bot with their next message."""
    await people.send_text(CHAT, "before")
    await people.introduce(User(id=CHAT, first_name="Ada", language_code="de"))
    await people.send_text(CHAT, "after")
    names = [
        update.message.from_user.first_name
        for update in await bot.get_updates()
        if update.message and update.message.from_user
    ]
    assert names == ["Listener", "Ada"]


async def test_reset(people: EmulatorClient, bot: Bot) -> None:
    """After a reset nothing of before is left, and message numbers go on."""
    before = await people.send_text(CHAT, "before")
    await people.reset()
    assert await bot.get_updates() == []
    after = await people.send_text(CHAT, "after")
    assert after.message_id > before.message_id
    assert [message.text for message in await people.messages(CHAT)] == ["after"]
    assert "sendMessage" not in await people.calls()
