"""Words and percentages of a verdict, shared by the chat, the picture and the command line."""

from collections.abc import Sequence
from typing import Final

from shared.domain.genres import genre_name
from shared.music.model.music_detector import Family
from shared.music.model.verdict import Verdict

LIKENESS: Final[dict[Family, str]] = {
    "music": "music",
    "speech": "somebody talking",
    "noise": "noise",
    "tone": "a single tone",
}
"""What to write after "this sounds like"."""

_ALL: Final = 100


def percent(share: float) -> str:
    """Write a share from 0 to 1 in whole percent; only exact 0 and 1 give "0 %" and "100 %"."""
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
    """Return the candidates' names as within a sentence, each with its probability."""
    return [
        (genre_name(genre).lower(), percent(verdict.probabilities[genre]))
        for genre in verdict.candidates
    ]
