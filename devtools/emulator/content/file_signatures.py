"""What a file is, told from its first bytes."""

import struct
from typing import Final

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8\xff"
_JPEG_WITHOUT_FRAME: Final = frozenset({0xC4, 0xC8, 0xCC})
"""Markers between SOF0 and SOF15 that do not start a frame: DHT, JPG and DAC."""


def image_size(data: bytes) -> tuple[int, int] | None:
    """Read (width, height) in pixels from a PNG's or JPEG's header; None for anything else."""
    if data.startswith(_PNG):
        return _png_size(data)
    if data.startswith(_JPEG):
        return _jpeg_size(data)
    return None


def is_voice(data: bytes) -> bool:
    """Tell whether these bytes begin an OGG/Opus, MP3 or M4A file."""
    if data.startswith(b"OggS"):
        # The identification header is the first packet of the first page (RFC 7845).
        return b"OpusHead" in data[:64]
    return _is_mp3(data) or data[4:8] == b"ftyp"


def _is_mp3(data: bytes) -> bool:
    if data.startswith(b"ID3"):
        return True
    # Eleven set bits, then any MPEG version, then layer III.
    return len(data) > 1 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2  # noqa: PLR2004 - bit masks


def _png_size(data: bytes) -> tuple[int, int] | None:
    if data[12:16] != b"IHDR" or len(data) < 24:  # noqa: PLR2004 - where IHDR's sizes end
        return None
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:  # noqa: PLR2004 - every marker begins so
        marker = data[at + 1]
        if marker == 0xFF:  # noqa: PLR2004 - a fill byte
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in _JPEG_WITHOUT_FRAME:  # noqa: PLR2004 - SOF
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    return None
