"""The head of a track's picture: its genre, what it may be, or that it is no music."""

from collections.abc import Sequence
from typing import Final

from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from shared.domain.genres import genre_name
from shared.music.model.verdict import Verdict
from shared.music.rendering.fonts import drawable, fitting_px, wide_px
from shared.music.rendering.theme import COLOURS, EDGE, FAINT, HEIGHT_PX, RIGHT, write
from shared.music.rendering.wording import LIKENESS, percent

_TITLE_Y: Final = HEIGHT_PX - 46
_TITLE_HEIGHT: Final = 70
_TITLE_PX: Final = 38
_GENRE_PX: Final = 96
_LINE_PX: Final = 36
_MUTED: Final = 0.7
"""How much of its colour a genre keeps that is only one of several; the rest is grey."""
_BELOW_MIDDLE: Final = 0.36
"""From the middle of capital letters down to their foot, by the font's size."""

_Part = tuple[str, str]
"""Some words and their colour."""


def header(figure: Figure, verdict: Verdict, title: str | None) -> int:
    """Write title, genre and confidence.

    Args:
        figure: where to.
        verdict: what is said about the track.
        title: as far as the font has its characters, cut to the width.

    Returns:
        The height in pixels at which the space below begins.

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
    size = fitting_px(line, most_px=_LINE_PX, width_px=RIGHT - EDGE)
    write(figure, EDGE, y - 88, line, size, color=FAINT)
    return y - 158


def _question(genres: Sequence[str]) -> list[_Part]:
    """Put candidates as a question, each in its own colour, muted."""
    parts: list[_Part] = []
    for left, genre in zip(range(len(genres) - 1, -1, -1), genres, strict=True):
        parts.append((genre_name(genre), _muted(COLOURS[genre])))
        parts.append(({0: "?", 1: " or "}.get(left, ", "), FAINT))
    return parts


def _row(figure: Figure, y: float, parts: Sequence[_Part]) -> None:
    """Write parts after one another on one line, as large as there is room for."""
    line = "".join(text for text, _ in parts)
    size = fitting_px(line, most_px=_GENRE_PX, width_px=RIGHT - EDGE, bold=True)
    before = ""
    for text, colour in parts:
        x = EDGE + (wide_px(before, size, bold=True) if before else 0)
        foot = y - _BELOW_MIDDLE * size  # letters' own middles differ: "Pop" reaches below
        write(figure, x, foot, text, size, color=colour, weight="bold", va="baseline")
        before += text


def _listed(genres: Sequence[str], verdict: Verdict) -> str:
    return ", ".join(f"{genre_name(g)} {percent(verdict.probabilities[g])}" for g in genres)


def _muted(colour: str) -> str:
    pairs = zip(to_rgb(colour), to_rgb(FAINT), strict=True)
    red, green, blue = (_MUTED * own + (1 - _MUTED) * grey for own, grey in pairs)
    return to_hex((red, green, blue))
