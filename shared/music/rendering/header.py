"""The upper part of the picture: title, genre or candidates, and confidence."""

from collections.abc import Sequence
from typing import Final

from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from shared.domain.genres import genre_name
from shared.music.model.verdict import Verdict
from shared.music.rendering.fonts import drawable, fitting_size_px, text_width_px
from shared.music.rendering.theme import COLOURS, EDGE, FAINT, HEIGHT_PX, RIGHT, write
from shared.music.rendering.wording import LIKENESS, percent

_TITLE_Y: Final = HEIGHT_PX - 46
_TITLE_HEIGHT: Final = 70
_TITLE_PX: Final = 38
_GENRE_PX: Final = 96
_LINE_PX: Final = 36
_MUTED: Final = 0.7
"""Share of its own colour that a candidate's name has; the rest is grey."""
_BASELINE: Final = 0.36
"""Distance from the middle of capital letters to the baseline, in units of the font's size."""

_ColouredText = tuple[str, str]
"""A text and its colour."""


def header(figure: Figure, verdict: Verdict, title: str | None) -> int:
    """Draw title, genre or candidates, and confidence.

    Args:
        figure: the figure to draw on.
        verdict: the verdict on the track.
        title: shown as far as the font has its characters, cut to the width.

    Returns:
        The lower edge in pixels from the bottom of the picture.

    """
    y = _TITLE_Y
    if shown := drawable(title or "", size_px=_TITLE_PX, width_px=RIGHT - EDGE):
        write(figure, EDGE, y, shown, _TITLE_PX, color=FAINT)
        y -= _TITLE_HEIGHT
    y -= 30
    if verdict.sure:
        colour = COLOURS[verdict.genre]
        write(figure, EDGE, y, genre_name(verdict.genre), _GENRE_PX, color=colour, weight="bold")
        write(figure, RIGHT, y, percent(verdict.confidence), _GENRE_PX, ha="right", weight="bold")
        line = "then " + _listed([genre for genre, _ in verdict.top[1:]], verdict)
    elif verdict.family == "music":
        _row(figure, y, _question(verdict.candidates))
        line = "hard to tell: " + _listed(verdict.candidates, verdict)
    else:
        _row(figure, y, [("Not music?", FAINT)])
        nearest = genre_name(verdict.genre).lower()
        line = f"sounds like {LIKENESS[verdict.family]}; nearest genre: {nearest}"
    size = fitting_size_px(line, max_px=_LINE_PX, width_px=RIGHT - EDGE)
    write(figure, EDGE, y - 88, line, size, color=FAINT)
    return y - 158


def _question(genres: Sequence[str]) -> list[_ColouredText]:
    """Return the candidates as a question, each in its own colour, muted."""
    parts: list[_ColouredText] = []
    for left, genre in zip(range(len(genres) - 1, -1, -1), genres, strict=True):
        parts.append((genre_name(genre), _muted(COLOURS[genre])))
        parts.append(({0: "?", 1: " or "}.get(left, ", "), FAINT))
    return parts


def _row(figure: Figure, y: float, parts: Sequence[_ColouredText]) -> None:
    """Write texts one after the other on one line, as large as they fit."""
    line = "".join(text for text, _ in parts)
    size = fitting_size_px(line, max_px=_GENRE_PX, width_px=RIGHT - EDGE, bold=True)
    before = ""
    for text, colour in parts:
        x = EDGE + (text_width_px(before, size, bold=True) if before else 0)
        # Aligned by the baseline, as the middle of "Pop" lies lower than that of "Rock".
        baseline = y - _BASELINE * size
        write(figure, x, baseline, text, size, color=colour, weight="bold", va="baseline")
        before += text


def _listed(genres: Sequence[str], verdict: Verdict) -> str:
    return ", ".join(f"{genre_name(g)} {percent(verdict.probabilities[g])}" for g in genres)


def _muted(colour: str) -> str:
    pairs = zip(to_rgb(colour), to_rgb(FAINT), strict=True)
    red, green, blue = (_MUTED * own + (1 - _MUTED) * grey for own, grey in pairs)
    return to_hex((red, green, blue))
