"""The words in a picture: what the font can show, and how numbers are written."""

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


def percent(share: float) -> str:
    """Write a share from 0 to 1 in whole percent, never rounded to nothing."""
    whole = round(100 * share)
    return f"{whole} %" if whole or not share else "<1 %"


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
    if _width_px(shown, size_px) <= width_px:
        return shown
    # Laying out text takes milliseconds, so the place to cut is found by halving.
    fits = bisect(
        range(1, len(shown)), width_px, key=lambda n: _width_px(shown[:n] + _ELLIPSIS, size_px)
    )
    return shown[:fits].rstrip() + _ELLIPSIS


@cache
def _known() -> frozenset[int]:
    """Code points that the font has a glyph for."""
    font = get_font(findfont(FontProperties(family=FONT)))
    return frozenset(font.get_charmap())


def _width_px(text: str, size_px: float) -> float:
    font = get_font(findfont(FontProperties(family=FONT)))
    font.set_size(size_px, 72)  # at 72 dots an inch a point is a pixel
    font.set_text(text, 0.0)
    return float(font.get_width_height()[0]) / 64  # 26.6 fixed point
