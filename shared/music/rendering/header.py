"""The upper part of the picture: title, genre or candidates, and confidence."""

from collections.abc import Sequence
from typing import Final

from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from shared.domain.genres import genre_name
from shared.formatting import clock, percent
from shared.music.model.verdict import Verdict
from shared.music.rendering.fonts import drawable, fitting_size_px, text_width_px
from shared.music.rendering.theme import (
    COLOURS,
    EDGE,
    FAINT,
    HEIGHT_PX,
    INK,
    RIGHT,
    write,
)
from shared.music.rendering.wording import (
    LIKENESS,
    MAX_SECTIONS,
    section_name,
    tag_names,
)
from shared.music.tagging.tagger import tag_name

_TITLE_Y: Final = HEIGHT_PX - 46
_TITLE_HEIGHT: Final = 70
_TITLE_PX: Final = 38
_GENRE_PX: Final = 96
_LINE_HEIGHT: Final = 50
_NAMED_SECTIONS: Final = 4
_NAMED_TAGS: Final = 3
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
    if verdict.sure and not verdict.by_section:
        colour = COLOURS[verdict.genre]
        write(figure, EDGE, y, genre_name(verdict.genre), _GENRE_PX, color=colour, weight="bold")
        write(figure, RIGHT, y, percent(verdict.confidence), _GENRE_PX, ha="right", weight="bold")
    else:
        _row(figure, y, _headline(verdict))
    y -= 88
    for line in _lines(verdict):
        size = fitting_size_px(line, max_px=_LINE_PX, width_px=RIGHT - EDGE)
        write(figure, EDGE, y, line, size, color=FAINT)
        y -= _LINE_HEIGHT
    return y + _LINE_HEIGHT - 70


def _headline(verdict: Verdict) -> list[_ColouredText]:
    """Return the words in place of a sure genre."""
    if verdict.by_section:
        return _section_names(verdict)
    if verdict.other_style is not None:
        names = [tag_name(verdict.other_style), *tag_names(verdict)][:_NAMED_TAGS]
        return [(_capital(", ".join(names)), INK)]
    if verdict.family == "music":
        return _question(verdict.candidates)
    return [("Not music?", FAINT)]


def _lines(verdict: Verdict) -> list[str]:
    """Return the lines below the headline."""
    if verdict.family != "music":
        nearest = genre_name(verdict.genre).lower()
        return [f"sounds like {LIKENESS[verdict.family]}; nearest genre: {nearest}"]
    if verdict.by_section:
        times = [clock(section.start_s) for section in verdict.sections[1 : MAX_SECTIONS + 1]]
        more = " …" if len(verdict.sections) > MAX_SECTIONS + 1 else ""
        return [f"{len(verdict.sections)} sections, changing at {', '.join(times)}{more}"]
    if verdict.other_style is not None:
        nearest = _listed([genre for genre, _ in verdict.top[:2]], verdict)
        return [f"none of the ten genres; nearest: {nearest}"]
    if verdict.sure:
        first = "then " + _listed([genre for genre, _ in verdict.top[1:]], verdict)
    else:
        first = "hard to tell: " + _listed(verdict.candidates, verdict)
    tags = ", ".join(tag_names(verdict))
    return [first, f"stands out: {tags}"] if tags else [first]


def _question(genres: Sequence[str]) -> list[_ColouredText]:
    """Return the candidates as a question, each in its own colour, muted."""
    parts: list[_ColouredText] = []
    for left, genre in zip(range(len(genres) - 1, -1, -1), genres, strict=True):
        parts.append((genre_name(genre), _muted(COLOURS[genre])))
        parts.append(({0: "?", 1: " or "}.get(left, ", "), FAINT))
    return parts


def _section_names(verdict: Verdict) -> list[_ColouredText]:
    """Return the names of the first sections, sure genres in their colours."""
    parts: list[_ColouredText] = []
    for section in verdict.sections[:_NAMED_SECTIONS]:
        parts.append((" · " if parts else "", FAINT))
        colour = COLOURS[section.genre] if section.sure else INK
        parts.append((_capital(section_name(section).split(",")[0]), colour))
    if len(verdict.sections) > _NAMED_SECTIONS:
        parts.append((" …", FAINT))
    return parts


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


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
