"""A verdict's words: the same in the chat, in the picture and on the command line."""

from collections.abc import Sequence
from typing import Final

from shared.domain.genres import genre_name
from shared.music.model.families import Family
from shared.music.model.verdict import Verdict

LIKENESS: Final[dict[Family, str]] = {
    "music": "music",
    "speech": "somebody talking",
    "noise": "noise",
    "tone": "a single tone",
}
"""What a sound is like, to follow "this sounds like"."""

_ALL: Final = 100


def percent(share: float) -> str:
    """Write a share from 0 to 1 in whole percent, never rounded to nothing nor to all."""
    whole = round(_ALL * share)
    if whole == 0 < share:
        return "<1 %"
    if whole == _ALL and share < 1:
        return ">99 %"
    return f"{whole} %"


def either(names: Sequence[str]) -> str:
    """Join alternatives: "a", "a or b", "a, b or c"."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def candidates(verdict: Verdict) -> list[tuple[str, str]]:
    """Return the genres to name within a sentence, each with its probability in percent."""
    return [
        (genre_name(genre).lower(), percent(verdict.probabilities[genre]))
        for genre in verdict.candidates
    ]
