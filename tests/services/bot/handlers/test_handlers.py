"""What the bot answers to whom, through aiogram's dispatcher."""

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
    """Let the bot handle an update; what it sent by the end of it."""
    telegram = cast("FakeTelegram", app.bot.session)
    before = len(telegram.requests)
    await app.dispatcher.feed_update(app.bot, event)
    await app.answers.drain(1)
    return telegram.requests[before:]


async def answer(app: App, event: Update) -> SendMessage:
    """Let the bot handle an update that it answers with one message."""
    [sent] = await feed(app, event)
    assert isinstance(sent, SendMessage)
    return sent


@pytest.mark.parametrize("command", ["start", "help", "genres"])
async def test_commands_are_answered(app: App, command: str) -> None:
    """Every command has its text, in the chat it came from."""
    sent = await answer(app, update(text=f"/{command}"))
    assert sent.chat_id == 7
    expected = {
        "start": texts.start(),
        "help": texts.help_text(app.dispatcher["limits"]),
        "genres": texts.genres(),
    }
    assert sent.text == expected[command]


async def test_help_names_the_limits_in_force(app: App) -> None:
    """The limits in /help are the settings', not literals."""
    sent = await answer(app, update(text="/help"))
    assert "20 MB" in sent.text
    assert "1:00:00" in sent.text


async def test_genres_lists_all_ten(app: App) -> None:
    """/genres has a line for each genre."""
    sent = await answer(app, update(text="/genres"))
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
    """Every kind of track becomes a job and one task, in private and in groups, unanswered."""
    event = update(chat_id, **content)
    assert await feed(app, event) == []
    [job_id] = app.jobs.active()
    view = app.jobs.view(job_id)
    assert view is not None
    assert view.track.kind == next(iter(content))
    assert (view.track.chat_id, view.track.bot_id, view.track.user_id) == (chat_id, 42, 7)
    assert app.jobs.redis.llen(QueueName.SHORT) == 1


async def test_what_telegram_says_is_kept(app: App) -> None:
    """Name, type, size, length and title travel with the job; the name only as a name."""
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
async def test_anything_else_is_answered_kindly(app: App, content: dict[str, Any]) -> None:
    """What is no track gets a sentence that says what to send, and no job."""
    sent = await answer(app, update(**content))
    assert sent.text.endswith(texts.SEND_A_TRACK)
    assert app.jobs.active() == []


@pytest.mark.parametrize("content", [*OTHERS, {"text": "/start"}])
async def test_groups_are_left_in_peace(app: App, content: dict[str, Any]) -> None:
    """In a group nothing but a track or a command to this very bot is answered."""
    assert await feed(app, update(GROUP, **content)) == []


async def test_commands_in_groups_must_name_the_bot(app: App) -> None:
    """/help@genrebot is answered in a group, /help@another is not."""
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
    """Edits, channels and Telegram's own notes are neither queued nor answered."""
    assert await feed(app, update(kind=kind, **content)) == []
    assert app.jobs.active() == []


async def test_an_album_of_photos_is_answered_once(app: App) -> None:
    """Ten photos at once get one sentence; the next album gets its own."""
    sent = [await feed(app, update(photo=PHOTO, media_group_id="a")) for _ in range(10)]
    assert [len(answers) for answers in sent] == [1] + [0] * 9
    assert len(await feed(app, update(photo=PHOTO, media_group_id="b"))) == 1


async def test_an_album_of_tracks_is_a_job_each(app: App) -> None:
    """Tracks sent together are judged one by one."""
    for _ in range(3):
        await feed(app, update(audio=AUDIO, media_group_id="a"))
    assert len(app.jobs.active()) == 3


@pytest.mark.parametrize("size", [20_000_001, 48_300_000])
async def test_large_files_are_refused_unseen(app: App, size: int) -> None:
    """A file above the limit is refused with both sizes and what would work."""
    sent = await answer(app, update(audio={**AUDIO, "file_size": size}))
    assert sent.text.startswith(f"This file has {'20.1' if size < 21e6 else '48.3'} MB")
    assert "20 MB" in sent.text
    assert "lower bitrate" in sent.text
    assert app.jobs.active() == []


async def test_long_tracks_are_refused_unseen(app: App) -> None:
    """A declared length above the limit is refused with both lengths and what would work."""
    sent = await answer(app, update(audio={**AUDIO, "duration": 3601}))
    assert "1:00:01" in sent.text
    assert "1:00:00" in sent.text
    assert "excerpt" in sent.text
    assert app.jobs.active() == []


async def test_a_track_at_the_limits_is_taken(app: App) -> None:
    """The limits themselves are within the limits."""
    assert await feed(app, update(audio={**AUDIO, "duration": 3600, "file_size": 20_000_000})) == []
    assert len(app.jobs.active()) == 1


async def test_a_bug_is_owned_up_to(
    app: App,
    telegram: FakeTelegram,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An unforeseen error is logged, and the person hears of it in the background."""

    async def explode(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(app.submitter, "submit", explode)
    telegram.delay_s[7] = 0.05
    event = update(audio=AUDIO)
    await app.dispatcher.feed_update(app.bot, event)
    assert telegram.requests == []  # the answer has not even begun: nothing held up polling
    await app.answers.drain(1)
    assert telegram.texts == [texts.OOPS]
    assert f"Update {event.update_id} failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text
