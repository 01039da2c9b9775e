"""File formats and encryption, recognized by a file's first bytes.

FFmpeg opens some encrypted files without an error and decodes noise. It reports "invalid data"
both for a text file and for a truncated m4a. The first bytes tell these cases apart.
"""

from typing import Final
from uuid import UUID

HEAD_BYTES: Final = 1 << 20
"""Bytes that are examined, enough for an ASF header with a cover picture."""

_ASF_HEADER: Final = UUID("75b22630-668e-11cf-a6d9-00aa0062ce6c").bytes_le
# ASF specification 01.20.05, sections 3.14, 3.15 and 10.1: the content encryption object,
# the extended one (Windows Media DRM) and the advanced one (PlayReady).
_ASF_ENCRYPTION_OBJECTS: Final = tuple(
    UUID(guid).bytes_le
    for guid in (
        "2211b3fb-bd23-11d2-b4b7-00a0c955fc6e",
        "298ae614-2622-4c17-b935-dae07ee9289c",
        "43058533-6981-49e6-9b74-ad12cb86d58c",
    )
)
_AUDIBLE_BRANDS: Final = (b"aax ", b"aaxc")
_AUDIBLE_MAGIC: Final = bytes.fromhex("57907536")

ENCRYPTED_SAMPLE_ENTRIES: Final = frozenset({"aavd", "drms", "enca"})
"""MP4 sample entries of encrypted audio: Audible, FairPlay, Common Encryption."""

_FORMATS: Final = (
    (0, b"RIFF", "wav"),
    (0, b"RF64", "wav"),
    (0, b"ID3", "mp3"),
    (0, b"OggS", "ogg"),
    (0, b"fLaC", "flac"),
    (4, b"ftyp", "m4a or mp4"),
    (4, b"moov", "m4a or mp4"),
    (4, b"mdat", "m4a or mp4"),
    (0, b"\x1a\x45\xdf\xa3", "webm or mkv"),
    (0, _ASF_HEADER, "wma"),
    (0, b"FORM", "aiff"),
    (0, b"caff", "caf"),
    (0, b"#!AMR", "amr"),
)

# A zip archive stores mp3 files unchanged; FFmpeg would find them and play them as one.
_ARCHIVES_AND_DOCUMENTS: Final = (
    b"PK\x03\x04",
    b"Rar!",
    b"7z\xbc\xaf\x27\x1c",
    b"\x1f\x8b",
    b"%PDF",
)


def is_archive_or_document(head: bytes) -> bool:
    """Tell whether a file that begins with these bytes is an archive or a document."""
    return head.startswith(_ARCHIVES_AND_DOCUMENTS)


def format_name(head: bytes) -> str | None:
    """Return the name of the audio format that begins with these bytes, or None."""
    for offset, magic, name in _FORMATS:
        if head.startswith(magic, offset):
            return name
    return None


def is_encrypted(head: bytes) -> bool:
    """Tell whether a file that begins with these bytes is encrypted as a whole."""
    if head.startswith(_ASF_HEADER):
        size = int.from_bytes(head[16:24], "little")
        return any(guid in head[:size] for guid in _ASF_ENCRYPTION_OBJECTS)
    if head.startswith(b"ftyp", 4):
        return head.startswith(_AUDIBLE_BRANDS, 8)
    return head.startswith(_AUDIBLE_MAGIC, 4)
