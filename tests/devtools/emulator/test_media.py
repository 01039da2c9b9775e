"""Files in both directions: photos, voices, music, and texts that turn into photos."""

import io
from collections.abc import Awaitable, Callable

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramEntityTooLarge
from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    Message,
    URLInputFile,
)

from devtools.emulator import Emulator, EmulatorClient
from tests.devtools.emulator.samples import jpeg_header, ogg_opus, png

CHAT = 7


def upload(data: bytes, name: str = "file.bin") -> BufferedInputFile:
    """Wrap bytes for aiogram."""
    return BufferedInputFile(data, filename=name)


@pytest.fixture(autouse=True)
def begun(emulator: Emulator) -> None:
    """Let the chat begin."""
    emulator.state.send_text(CHAT, "/start")


async def test_photo_with_caption(bot: Bot, people: EmulatorClient) -> None:
    """A photo arrives byte for byte, with its size and its caption without markup."""
    picture = png(30, 20)
    message = await bot.send_photo(
        CHAT, upload(picture, "спектр.png"), caption="<b>A</b> &amp; B", parse_mode="HTML"
    )
    assert message.photo
    assert (message.photo[-1].width, message.photo[-1].height) == (30, 20)
    assert message.caption == "A & B"
    assert message.caption_entities
    assert [entity.type for entity in message.caption_entities] == ["bold"]
    assert await people.photo(CHAT, message.message_id) == picture


async def test_text_becomes_photo(bot: Bot, people: EmulatorClient) -> None:
    """EditMessageMedia puts a new upload in the place of a text, keeping the message."""
    text = await bot.send_message(CHAT, "working")
    keyboard = InlineKeyboardMarkup(
        inline_keyboard=[[InlineKeyboardButton(text="More", callback_data="more")]]
    )
    media = InputMediaPhoto(media=upload(png()), caption="<i>rock</i>", parse_mode="HTML")
    edited = await text.edit_media(media, reply_markup=keyboard)
    assert isinstance(edited, Message)
    assert edited.message_id == text.message_id
    assert edited.photo
    assert (edited.text, edited.caption) == (None, "rock")
    shown = (await people.messages(CHAT))[-1]
    assert [version.text for version in shown.versions] == ["working", None]
    assert shown.caption == "rock"
    assert shown.media
    assert shown.media.kind == "photo"
    assert await people.photo(CHAT, shown.message_id) == png()
    with pytest.raises(TelegramBadRequest, match="there is no text in the message to edit"):
        await text.edit_text("again")


async def test_photo_edited_by_file_id(bot: Bot) -> None:
    """The same file and caption again are no change; another caption is one."""
    sent = await bot.send_photo(CHAT, upload(png()), caption="one")
    assert sent.photo
    file_id = sent.photo[-1].file_id
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await sent.edit_media(InputMediaPhoto(media=file_id, caption="one"))
    edited = await sent.edit_caption(caption="two")
    assert isinstance(edited, Message)
    assert edited.caption == "two"
    again = await bot.send_photo(CHAT, file_id)
    assert again.photo
    assert again.photo[-1].file_unique_id == sent.photo[-1].file_unique_id


async def test_voice_and_its_bytes(bot: Bot, people: EmulatorClient) -> None:
    """A voice arrives byte for byte with its duration, and can be sent again by its id."""
    sound = ogg_opus(b"sound")
    message = await bot.send_voice(CHAT, upload(sound), caption="listen", duration=3)
    assert message.voice
    assert (message.voice.duration, message.voice.file_size) == (3, len(sound))
    assert await people.voice(CHAT, message.message_id) == sound
    again = await bot.send_voice(CHAT, message.voice.file_id)
    assert again.voice
    with pytest.raises(TelegramBadRequest, match="can't use file of type Voice as Photo"):
        await bot.send_photo(CHAT, message.voice.file_id)


async def test_audio_and_document(bot: Bot) -> None:
    """Music keeps its title and performer, a document its name."""
    audio = await bot.send_audio(CHAT, upload(b"ID3"), title="T", performer="P", duration=9)
    assert audio.audio
    assert (audio.audio.title, audio.audio.performer, audio.audio.duration) == ("T", "P", 9)
    document = await bot.send_document(CHAT, upload(b"%PDF", "notes.pdf"))
    assert document.document
    assert document.document.file_name == "notes.pdf"


Refused = Callable[[Bot], Awaitable[object]]


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda bot: bot.send_photo(CHAT, upload(b"GIF89a")), "IMAGE_PROCESS_FAILED"),
        (lambda bot: bot.send_photo(CHAT, upload(png(21, 1))), "PHOTO_INVALID_DIMENSIONS"),
        (
            lambda bot: bot.send_photo(CHAT, upload(jpeg_header(9000, 1001))),
            "PHOTO_INVALID_DIMENSIONS",
        ),
        (
            lambda bot: bot.send_photo(CHAT, upload(png() + b"\0" * 200_000)),
            "is too big for a photo",
        ),
        (
            lambda bot: bot.send_photo(CHAT, upload(png()), caption="x" * 1025),
            "caption is too long",
        ),
        (lambda bot: bot.send_photo(CHAT, "no-such-id"), "wrong file identifier"),
        (lambda bot: bot.send_photo(CHAT, "https://example.org/x.png"), "failed to get HTTP URL"),
        (lambda bot: bot.send_photo(CHAT, ""), "there is no photo in the request"),
        (lambda bot: bot.send_voice(CHAT, upload(b"RIFF....WAVE")), "must be an OGG/Opus"),
        (lambda bot: bot.send_voice(CHAT, upload(b"OggS" + b"\0" * 60)), "must be an OGG/Opus"),
        (lambda bot: bot.send_voice(CHAT, upload(b"")), "file must be non-empty"),
    ],
)
async def test_refused_files(bot: Bot, call: Refused, reason: str) -> None:
    """A file that Telegram would not take is refused, and nothing is shown."""
    with pytest.raises(TelegramBadRequest, match=reason):
        await call(bot)


@pytest.mark.parametrize(
    "data", [png(20, 1), jpeg_header(9000, 1000)], ids=["ratio of 20", "sum of 10000"]
)
async def test_largest_photos(bot: Bot, data: bytes) -> None:
    """Photos right at the limits are taken."""
    assert (await bot.send_photo(CHAT, upload(data))).photo


@pytest.mark.parametrize("data", [b"ID3\x04", b"\xff\xfb\x90", b"\0\0\0\x18ftypM4A "])
async def test_other_voices(bot: Bot, data: bytes) -> None:
    """MP3 and M4A are voices too."""
    assert (await bot.send_voice(CHAT, upload(data))).voice


async def test_upload_limit(bot: Bot) -> None:
    """A request above the upload limit gets 413."""
    with pytest.raises(TelegramEntityTooLarge):
        await bot.send_document(CHAT, upload(b"\0" * 400_001))


async def test_download_round_trip(bot: Bot, people: EmulatorClient) -> None:
    """What a person sends is what the bot downloads, under a path of Telegram's kind."""
    music = bytes(range(256)) * 300
    await people.send_audio(
        CHAT, music, file_name="../My Song.MP3", mime_type="audio/mpeg", duration=30
    )
    message = (await bot.get_updates())[-1].message
    assert message
    assert message.audio
    assert (message.audio.file_name, message.audio.duration) == ("../My Song.MP3", 30)
    file = await bot.get_file(message.audio.file_id)
    assert file.file_path == "music/file_0.mp3"
    target = io.BytesIO()
    await bot.download(message.audio, target)
    assert target.getvalue() == music


async def test_too_big_to_download(bot: Bot, people: EmulatorClient, emulator: Emulator) -> None:
    """GetFile refuses what is larger than the limit, even if the size is only claimed."""
    limit = emulator.state.config.download_limit
    for size in (limit, limit + 1):
        await people.send_document(CHAT, b"x", file_name="a.wav", file_size=size)
    *_, fits, exceeds = [update.message for update in await bot.get_updates()]
    assert fits
    assert fits.document
    assert exceeds
    assert exceeds.document
    await bot.get_file(fits.document.file_id)
    with pytest.raises(TelegramBadRequest, match="file is too big"):
        await bot.get_file(exceeds.document.file_id)
    with pytest.raises(TelegramBadRequest, match="invalid file_id"):
        await bot.get_file("nonsense")


async def test_every_kind_from_a_person(bot: Bot, people: EmulatorClient) -> None:
    """Voices, videos and photos of a person parse as such, albums and captions included."""
    await people.send_voice(CHAT, ogg_opus(), duration=2)
    await people.send_video(CHAT, b"mp4", mime_type="video/mp4", caption="clip")
    await people.send_photo(CHAT, png(), media_group_id="album")
    _, voice, video, photo = [update.message for update in await bot.get_updates()]
    assert voice
    assert voice.voice
    assert voice.voice.mime_type == "audio/ogg"
    assert video
    assert video.video
    assert video.caption == "clip"
    assert photo
    assert photo.photo
    assert photo.media_group_id == "album"


async def test_same_content_same_unique_id(people: EmulatorClient) -> None:
    """Equal bytes share their unique id but not their file id."""
    first = (await people.send_audio(CHAT, b"same")).media
    second = (await people.send_audio(CHAT, b"same")).media
    other = (await people.send_audio(CHAT, b"else")).media
    assert first
    assert second
    assert other
    assert first.file_unique_id == second.file_unique_id != other.file_unique_id
    assert first.file_id != second.file_id


async def test_url_upload_is_fetched_by_aiogram(bot: Bot, emulator: Emulator) -> None:
    """An upload whose size is not known beforehand, sent in chunks, arrives whole."""
    sent = await bot.send_document(CHAT, upload(b"\1" * 70_000, "a.bin"))
    assert sent.document
    path = (await bot.get_file(sent.document.file_id)).file_path
    url = f"{emulator.base_url}/file/bot{emulator.token}/{path}"
    copy = await bot.send_document(CHAT, URLInputFile(url, filename="b.bin"))
    assert copy.document
    assert copy.document.file_size == 70_000
