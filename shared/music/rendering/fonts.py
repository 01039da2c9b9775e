"""The words in a picture: what the font can show, and how wide it is."""

import unicodedata
from bisect import bisect
from functools import cache
from typing import Final

from matplotlib.font_manager import FontProperties, findfont, get_font

FONT: Final = "DejaVu Sans"
"""The font that comes with matplotlib: it has Latin, Greek, Cyrillic and more, no CJK."""

_ELLIPSIS: Final = "…"
_LEAST_SHOWN: Final = 0.5
_MOST_CHARACTERS: Final = 200


def drawable(text: str, *, size_px: float, width_px: float) -> str:
    """Reduce any text to one line that the font can show, cut to a width.

    Returns:
        The line; empty where less than half of the characters could be shown, for a
        title with most of its letters missing says something else.

    """
    line = " ".join(unicodedata.normalize("NFC", text[:_MOST_CHARACTERS]).split())
    known = _known()
    shown = "".join(c for c in line if ord(c) in known and (c == " " or c.isprintable()))
    shown = " ".join(shown.split())
    marks = sum(not c.isspace() and not unicodedata.category(c).startswith("C") for c in line)
    if not shown or sum(c != " " for c in shown) < _LEAST_SHOWN * marks:
        return ""
    if wide_px(shown, size_px) <= width_px:
        return shown
    # Laying out text takes milliseconds, so the place to cut is found by halving.
    fits = bisect(
        range(1, len(shown)), width_px, key=lambda n: wide_px(shown[:n] + _ELLIPSIS, size_px)
    )
    return shown[:fits].rstrip() + _ELLIPSIS


@cache
def _known() -> frozenset[int]:
    """Code points that the font has a glyph for."""
    font = get_font(findfont(FontProperties(family=FONT)))
    return frozenset(font.get_charmap())


def wide_px(text: str, size_px: float, *, bold: bool = False) -> float:
    """Return how wide a line is at a size, in pixels, spaces at its end included."""
    style = FontProperties(family=FONT, weight="bold" if bold else "normal")
    font = get_font(findfont(style))
    font.set_size(size_px, 72)  # at 72 dots an inch a point is a pixel
    font.set_text(text, 0.0)
    return float(font.get_width_height()[0]) / 64  # 26.6 fixed point


def fitting_px(text: str, *, most_px: int, width_px: float, bold: bool = False) -> int:
    """Return the largest size in whole pixels, up to a most, at which a line is no wider."""
    size = min(most_px, int(most_px * width_px / wide_px(text, most_px, bold=bold)))
    # Hinting moves letters by parts of a pixel, so that width is not quite in proportion.
    while size > 1 and wide_px(text, size, bold=bold) > width_px:
        size -= 1
    return size
