"""The cost model: how long a track is, and so how much work it makes, before it is decoded."""

from pathlib import PurePath
from typing import Final

from shared.domain.track import Track
from shared.music.constants import CHUNK_SECONDS

TYPICAL_S: Final = 210.0
"""Assumed length of a track if neither length nor size is known."""
SHORTEST_S: Final = float(CHUNK_SECONDS)
"""Shorter tracks are repeated to fill a chunk."""

BITS_PER_S: Final = 192_000
"""Typical bit rate of compressed audio; half or double of it is rare."""
LOSSLESS_BITS_PER_S: Final = 1_000_000
VIDEO_BITS_PER_S: Final = 1_500_000

_LOSSLESS: Final = frozenset({"aif", "aiff", "ape", "au", "caf", "flac", "tta", "wav", "wv"})
_VIDEO: Final = frozenset(
    {"3gp", "asf", "avi", "flv", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "ogv", "webm", "wmv"}
)


def expected_s(track: Track) -> float:
    """Return the length of a track in seconds: as Telegram says, else as its size suggests."""
    if track.duration_s:
        return max(SHORTEST_S, track.duration_s)
    if track.file_size is None:
        return TYPICAL_S
    return max(SHORTEST_S, track.file_size * 8 / _bits_per_s(track))


def _bits_per_s(track: Track) -> int:
    suffix = PurePath(track.file_name or "").suffix.lower().removeprefix(".")
    if track.kind in {"video", "video_note"} or suffix in _VIDEO:
        return VIDEO_BITS_PER_S
    return LOSSLESS_BITS_PER_S if suffix in _LOSSLESS else BITS_PER_S
