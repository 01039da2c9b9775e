"""What counts as a track, and what Telegram says about it."""

from pathlib import PurePath
from typing import Final, Literal

from aiogram.types import Audio, Document, Message, Video, VideoNote, Voice

from shared.domain.media_types import SUFFIXES
from shared.domain.track import Track, user_of

SOUNDING_TYPES: Final = frozenset({"application/mp4", "application/ogg", "application/x-ogg"})
"""MIME types of sound other than ``audio/*`` and ``video/*``."""

SOUNDLESS_TYPES: Final = frozenset(
    {
        "audio/midi",
        "audio/mpegurl",
        "audio/sp-midi",
        "audio/x-midi",
        "audio/x-mpegurl",
        "audio/x-scpls",
    }
)
"""MIDI notes and playlists: called audio, but without any sound in them."""

_Media = Audio | Voice | Video | VideoNote | Document
_Kind = Literal["audio", "voice", "video", "video_note", "document"]
_KINDS: Final[dict[type[_Media], _Kind]] = {
    Audio: "audio",
    Voice: "voice",
    Video: "video",
    VideoNote: "video_note",
    Document: "document",
}


def track_in(message: Message, bot_id: int) -> Track | None:
    """Describe the track in a message.

    Args:
        message: Any message.
        bot_id: Id of the bot that received it.

    Returns:
        The track, or None if the message holds none.

    """
    if message.animation:  # Telegram describes it as a document as well; it has no sound
        return None
    media: _Media | None = (
        message.audio or message.voice or message.video or message.video_note or message.document
    )
    if media is None or (isinstance(media, Document) and not _may_sound(media)):
        return None
    return Track(
        bot_id=bot_id,
        chat_id=message.chat.id,
        message_id=message.message_id,
        user_id=_user_id(message),
        file_id=media.file_id,
        file_unique_id=media.file_unique_id,
        kind=_KINDS[type(media)],
        file_name=getattr(media, "file_name", None),
        mime_type=getattr(media, "mime_type", None),
        file_size=media.file_size,
        duration_s=getattr(media, "duration", None),
        title=_title(media),
    )


def user_in(message: Message, bot_id: int) -> str:
    """Name the user who sent a message, as ``Track.user`` does."""
    user_id = _user_id(message)
    return user_of(bot_id, message.chat.id if user_id is None else user_id)


def _user_id(message: Message) -> int | None:
    """Id of the user who sent a message.

    None for a message in the name of a chat: there Telegram names the same user for everybody.
    """
    if message.sender_chat is not None or message.from_user is None:
        return None
    return message.from_user.id


def _may_sound(document: Document) -> bool:
    mime = (document.mime_type or "").partition(";")[0].strip().lower()
    if mime in SOUNDLESS_TYPES:
        return False
    if mime.startswith(("audio/", "video/")) or mime in SOUNDING_TYPES:
        return True
    return PurePath(document.file_name or "").suffix.lower() in SUFFIXES


def _title(media: _Media) -> str | None:
    if not isinstance(media, Audio):
        return None
    return ": ".join(part for part in (media.performer, media.title) if part) or None
