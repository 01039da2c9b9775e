"""Replies to all kinds of updates, through aiogram's dispatcher."""

from typing import Any, cast

import pytest
from aiogram.methods import SendMessage, TelegramMethod
from aiogram.types import Update

from services.bot import texts
from services.bot.app import App
from shared.domain.genres import GENRES
from shared.queue.tasks import QueueName
from tests.services.bot.samples import AUDIO, FILE, GROUP, PHOTO, STICKER, VIDEO, update
from tests.services.bot.telegram import FakeTelegram


async def feed(app: App, event: Update) -> list[TelegramMethod[Any]]:
    """Let the bot handle an update, and return the requests that it made."""
    telegram = cast("FakeTelegram", app.bot.session)
    before = len(telegram.requests)
    await app.dispatcher.feed_update(app.bot, event)
    await app.outbox.drain(1)
    return telegram.requests[before:]


async def reply_to(app: App, event: Update) -> SendMessage:
    """Let the bot handle an update, and return the one message that it sent."""
    [sent] = await feed(app, event)
    assert isinstance(sent, SendMessage)
    return sent


@pytest.mark.parametrize("command", ["start", "help", "genres"])
async def test_commands_get_their_texts(app: App, command: str) -> None:
    """In the chat that they came from."""
    sent = await reply_to(app, update(text=f"/{command}"))
    assert sent.chat_id == 7
    expected = {
        "start": texts.start(),
        "help": texts.help_text(app.dispatcher["limits"]),
        "genres": texts.genres(),
    }
    assert sent.text == expected[command]


async def test_help_shows_the_limits(app: App) -> None:
    """They come from the settings."""
    sent = await reply_to(app, update(text="/help"))
    assert "20 MB" in sent.text
    assert "1:00:00" in sent.text


async def test_genres_lists_all_ten(app: App) -> None:
    """One line for each genre."""
    sent = await reply_to(app, update(text="/genres"))
    assert sent.text.count("•") == len(GENRES) == 10


@pytest.mark.parametrize(
    "content",
    [
        {"audio": AUDIO},
        {"voice": {**FILE, "duration": 5}},
        {"video": VIDEO},
        {"video_note": {**FILE, "length": 240, "duration": 5}},
        {"document": {**FILE, "mime_type": "audio/flac"}},
        {"document": {**FILE, "mime_type": "video/x-matroska"}},
        {"document": {**FILE, "mime_type": "application/ogg"}},
        {"document": {**FILE, "mime_type": "Audio/MPEG; charset=binary"}},
        {"document": {**FILE, "file_name": "Some Song.FLAC"}},
        {"document": {**FILE, "mime_type": "application/octet-stream", "file_name": "a.m4a"}},
    ],
)
@pytest.mark.parametrize("chat_id", [7, GROUP])
async def test_tracks_are_queued(app: App, content: dict[str, Any], chat_id: int) -> None:
    """Every kind of track becomes a job and one task, in private chats and in groups."""
    event = update(chat_id, **content)
    assert await feed(app, event) == []
    [job_id] = app.jobs.active()
    view = app.jobs.view(job_id)
    assert view is not None
    assert view.track.kind == next(iter(content))
    assert (view.track.chat_id, view.track.bot_id, view.track.user_id) == (chat_id, 42, 7)
    assert app.jobs.redis.llen(QueueName.SHORT) == 1


async def test_the_description_of_a_track_is_kept(app: App) -> None:
    """Name, type, size, length and title; the name is never used as a path."""
    audio = {
        **AUDIO,
        "file_name": "../../etc/passwd",
        "performer": "Ella",
        "title": "A <b>tune</b>",
    }
    await feed(app, update(audio=audio))
    view = app.jobs.view(app.jobs.active()[0])
    assert view is not None
    assert view.track.file_name == "../../etc/passwd"
    assert view.track.title == "Ella: A <b>tune</b>"
    assert view.track.mime_type == "audio/mpeg"
    assert view.track.file_size == 3_000_000
    assert view.track.duration_s == 180


OTHERS: list[dict[str, Any]] = [
    {"text": "hello"},
    {"text": "/unknown"},
    {"photo": PHOTO},
    {"sticker": STICKER},
    {"document": {**FILE, "mime_type": "application/pdf", "file_name": "scan.pdf"}},
    {"document": {**FILE, "mime_type": "audio/midi", "file_name": "notes.mid"}},
    {"document": {**FILE, "mime_type": "audio/x-mpegurl", "file_name": "list.m3u"}},
    {"document": {**FILE}},
    {"animation": {**VIDEO}, "document": {**FILE, "mime_type": "video/mp4"}},
    {"location": {"latitude": 1.0, "longitude": 2.0}},
]


@pytest.mark.parametrize("content", OTHERS)
async def test_anything_else_gets_a_hint(app: App, content: dict[str, Any]) -> None:
    """The reply says what to send, and no job is created."""
    sent = await reply_to(app, update(**content))
    assert sent.text.endswith(texts.SEND_A_TRACK)
    assert app.jobs.active() == []


@pytest.mark.parametrize("content", [*OTHERS, {"text": "/start"}])
async def test_the_bot_is_silent_in_groups(app: App, content: dict[str, Any]) -> None:
    """It replies only to tracks, and to commands that name it."""
    assert await feed(app, update(GROUP, **content)) == []


async def test_commands_in_groups_have_to_name_the_bot(app: App) -> None:
    """/help@genrebot gets a reply, /help@another does not."""
    [_, sent] = await feed(app, update(GROUP, text="/help@GenreBot"))
    assert isinstance(sent, SendMessage)
    assert await feed(app, update(GROUP, text="/help@another")) == []


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("edited_message", {"audio": AUDIO}),
        ("edited_message", {"text": "/start"}),
        ("channel_post", {"audio": AUDIO}),
        ("message", {"delete_chat_photo": True}),
    ],
)
async def test_other_updates_are_ignored(app: App, kind: str, content: dict[str, Any]) -> None:
    """Edited messages, channel posts and service messages."""
    assert await feed(app, update(kind=kind, **content)) == []
    assert app.jobs.active() == []


async def test_an_album_of_photos_gets_one_reply(app: App) -> None:
    """The next album gets another one."""
    sent = [await feed(app, update(photo=PHOTO, media_group_id="a")) for _ in range(10)]
    assert [len(requests) for requests in sent] == [1] + [0] * 9
    assert len(await feed(app, update(photo=PHOTO, media_group_id="b"))) == 1


async def test_each_track_of_an_album_is_a_job(app: App) -> None:
    """Tracks that are sent together are processed one by one."""
    for _ in range(3):
        await feed(app, update(audio=AUDIO, media_group_id="a"))
    assert len(app.jobs.active()) == 3


@pytest.mark.parametrize("size", [20_000_001, 48_300_000])
async def test_large_files_are_refused(app: App, size: int) -> None:
    """The reply names both sizes, and what would work."""
    sent = await reply_to(app, update(audio={**AUDIO, "file_size": size}))
    assert sent.text.startswith(f"This file has {'20.1' if size < 21e6 else '48.3'} MB")
    assert "20 MB" in sent.text
    assert "lower bitrate" in sent.text
    assert app.jobs.active() == []


async def test_long_tracks_are_refused(app: App) -> None:
    """By the length that Telegram declares; the reply names both lengths, and what would work."""
    sent = await reply_to(app, update(audio={**AUDIO, "duration": 3601}))
    assert "1:00:01" in sent.text
    assert "1:00:00" in sent.text
    assert "excerpt" in sent.text
    assert app.jobs.active() == []


async def test_a_track_at_the_limits_is_accepted(app: App) -> None:
    """The limits are inclusive."""
    assert await feed(app, update(audio={**AUDIO, "duration": 3600, "file_size": 20_000_000})) == []
    assert len(app.jobs.active()) == 1


async def test_an_exception_is_logged_and_told(
    app: App,
    telegram: FakeTelegram,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The reply is sent in the background."""

    async def explode(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(app.submitter, "submit", explode)
    telegram.delay_s[7] = 0.05
    event = update(audio=AUDIO)
    await app.dispatcher.feed_update(app.bot, event)
    assert telegram.requests == []  # sending has not begun, so it does not delay polling
    await app.outbox.drain(1)
    assert telegram.texts == [texts.OOPS]
    assert f"Update {event.update_id} failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text
