"""What a sound may be at all; only the first of these has a genre."""

from typing import Final, Literal

Family = Literal["music", "speech", "noise", "tone"]

FAMILIES: Final[tuple[Family, ...]] = ("music", "speech", "noise", "tone")
"""In the order of every result of ``model.music_detector``."""
