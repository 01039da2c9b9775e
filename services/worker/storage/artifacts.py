"""Names of the blobs that the tasks of a job hand to each other."""

from typing import Final

UPLOAD: Final = "upload"
"""The file as it was sent, if it is small enough for Redis."""
VERDICT: Final = "verdict"
"""``Verdict`` as JSON."""
PICTURE: Final = "picture"
"""The picture of the reply, as PNG."""
CLIP: Final = "clip"
"""The strongest moment, as OGG/Opus."""


def audio_name(segment: int) -> str:
    """Return the name of a segment's PCM."""
    return f"audio-{segment}"


def features_name(segment: int) -> str:
    """Return the name of a segment's features, tags and mel preview, as NPZ."""
    return f"features-{segment}"


def slice_end_name(segment: int) -> str:
    """Return the name of the ``SliceEnd`` from which segment ``segment`` is decoded."""
    return f"slice-end-{segment}"
