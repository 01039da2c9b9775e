"""Files that were sent in the chats."""

import base64
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from devtools.emulator.content.file_signatures import image_size, is_voice
from devtools.emulator.errors import bad_request
from devtools.emulator.state.records import Media, MediaKind

_FOLDERS: Final[dict[MediaKind, str]] = {
    "photo": "photos",
    "audio": "music",
    "voice": "voice",
    "video": "videos",
    "document": "documents",
}
_SUFFIXES: Final[dict[MediaKind, str]] = {"photo": ".jpg", "voice": ".oga"}
_MIME_TYPES: Final[dict[MediaKind, str]] = {"voice": "audio/ogg", "photo": "image/jpeg"}

MAX_SIDES_SUM: Final = 10_000
"""Largest width plus height of a photo, in pixels (sendPhoto)."""

MAX_SIDES_RATIO: Final = 20
"""Largest ratio between the sides of a photo (sendPhoto)."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file: its bytes, description and download path."""

    media: Media
    data: bytes
    path: str
    chat_id: int


class FileStore:
    """Files by id and by path."""

    def __init__(self) -> None:
        self._by_id: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}
        self._count = 0

    def add(self, described: Media, data: bytes, chat_id: int) -> Media:
        """Store a file and return its description with ids.

        ``described.file_size`` may exceed the length of ``data``, to simulate a file that is
        too large to hold.
        """
        digest = hashlib.sha256(data)
        digest.update(str(described.file_size).encode())
        unique = base64.urlsafe_b64encode(digest.digest()[:11]).decode().rstrip("=")
        handle = f"{described.kind}:{self._count}:{unique}".encode()
        media = described.model_copy(
            update={
                "file_id": base64.urlsafe_b64encode(handle).decode().rstrip("="),
                "file_unique_id": unique,
            }
        )
        path = f"{_FOLDERS[media.kind]}/file_{self._count}{_suffix(media)}"
        self._count += 1
        stored = StoredFile(media, data, path, chat_id)
        self._by_id[media.file_id] = stored
        self._by_path[path] = stored
        return media

    def get(self, file_id: str) -> StoredFile | None:
        """Return a file by its id."""
        return self._by_id.get(file_id)

    def at(self, path: str) -> StoredFile | None:
        """Return a file by its download path."""
        return self._by_path.get(path)

    def clear(self) -> None:
        """Remove all files; paths are not used again."""
        self._by_id.clear()
        self._by_path.clear()


def describe_media(kind: MediaKind, data: bytes, **fields: object) -> Media:
    """Describe a file that is not stored yet; the size of an image is read from its header.

    Args:
        kind: how it is sent.
        data: its bytes.
        fields: further fields of ``Media``; those that are None are left out.

    """
    width, height = image_size(data) or (0, 0)
    known = {
        "mime_type": _MIME_TYPES.get(kind),
        "width": width,
        "height": height,
        "file_size": len(data),
    }
    given = {name: value for name, value in fields.items() if value is not None}
    return Media.model_validate(
        {"kind": kind, "file_id": "", "file_unique_id": "", **known, **given}
    )


def check_photo(data: bytes, limit: int) -> None:
    """Check that Telegram would accept a photo of at most ``limit`` bytes.

    Raises:
        ApiError: too many bytes, not an image, or sides out of bounds.

    """
    if len(data) > limit:
        raise bad_request(f"file of size {len(data)} bytes is too big for a photo")
    size = image_size(data)
    if size is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    if min(size) < 1 or sum(size) > MAX_SIDES_SUM or max(size) > MAX_SIDES_RATIO * min(size):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")


def check_voice(data: bytes) -> None:
    """Check that a file can be played as a voice message.

    Telegram silently sends other files as documents; here they are an error.

    Raises:
        ApiError: neither OGG/Opus, MP3 nor M4A.

    """
    if not is_voice(data):
        raise bad_request("a voice message must be an OGG/Opus, MP3 or M4A file")


def _suffix(media: Media) -> str:
    if media.file_name:
        return PurePosixPath(media.file_name).suffix.lower()
    if media.kind in _SUFFIXES:
        return _SUFFIXES[media.kind]
    return mimetypes.guess_extension(media.mime_type or "") or ""
