"""The cost model: how long a track is and how much work it makes, before it is decoded.

Effort is measured in seconds of audio, weighted by how many chunks are tagged: the first minute
counts in full, and later parts less, as only some of their chunks are tagged.
"""

from pathlib import PurePath
from typing import Final

from shared.domain.track import Track
from shared.music.constants import CHUNK_SECONDS, TAG_STRIDES

TAGGING_SHARE: Final = 0.58
"""Share of the tagger in the work on a tagged chunk: 15 ms, beside 11 ms for its features."""
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


def effort_s(length_s: float) -> float:
    """Return the effort of the first ``length_s`` seconds of a track, in seconds."""
    effort = start_s = 0.0
    for until, stride in TAG_STRIDES:
        end_s = length_s if until is None else min(length_s, float(until * CHUNK_SECONDS))
        effort += max(0.0, end_s - start_s) * (1 - TAGGING_SHARE + TAGGING_SHARE / stride)
        start_s = max(start_s, end_s)
    return effort


def _bits_per_s(track: Track) -> int:
    suffix = PurePath(track.file_name or "").suffix.lower().removeprefix(".")
    if track.kind in {"video", "video_note"} or suffix in _VIDEO:
        return VIDEO_BITS_PER_S
    return LOSSLESS_BITS_PER_S if suffix in _LOSSLESS else BITS_PER_S
