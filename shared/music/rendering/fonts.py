"""The picture's font: which characters it has, and how wide a text is."""

import unicodedata
from bisect import bisect
from functools import cache
from typing import Final

from matplotlib.font_manager import FontProperties, findfont, get_font

FONT: Final = "DejaVu Sans"
"""The font that comes with matplotlib. It has Latin, Greek, Cyrillic and more, but no CJK."""

_ELLIPSIS: Final = "…"
_LEAST_SHOWN: Final = 0.5
_MOST_CHARACTERS: Final = 200


def drawable(text: str, *, size_px: float, width_px: float) -> str:
    """Reduce a text to one line of characters that the font has, cut to a width.

    Args:
        text: any text.
        size_px: font size in pixels.
        width_px: largest width in pixels. A longer line is cut and ends in an ellipsis.

    Returns:
        The line; empty where the font has fewer than half of the characters, as a title with
        most of its letters missing would mislead.

    """
    line = " ".join(unicodedata.normalize("NFC", text[:_MOST_CHARACTERS]).split())
    known = _code_points()
    shown = "".join(c for c in line if ord(c) in known and (c == " " or c.isprintable()))
    shown = " ".join(shown.split())
    marks = sum(not c.isspace() and not unicodedata.category(c).startswith("C") for c in line)
    if not shown or sum(c != " " for c in shown) < _LEAST_SHOWN * marks:
        return ""
    if text_width_px(shown, size_px) <= width_px:
        return shown
    # Measuring a text takes milliseconds, so the length that fits is found by bisection.
    fits = bisect(
        range(1, len(shown)), width_px, key=lambda n: text_width_px(shown[:n] + _ELLIPSIS, size_px)
    )
    return shown[:fits].rstrip() + _ELLIPSIS


@cache
def _code_points() -> frozenset[int]:
    """Return the code points that the font has a glyph for."""
    font = get_font(findfont(FontProperties(family=FONT)))
    return frozenset(font.get_charmap())


def text_width_px(text: str, size_px: float, *, bold: bool = False) -> float:
    """Return the width of a line at a font size, in pixels, including spaces at its end."""
    style = FontProperties(family=FONT, weight="bold" if bold else "normal")
    font = get_font(findfont(style))
    font.set_size(size_px, 72)  # at 72 dots an inch a point is a pixel
    font.set_text(text, 0.0)
    return float(font.get_width_height()[0]) / 64  # 26.6 fixed point


def fitting_size_px(text: str, *, max_px: int, width_px: float, bold: bool = False) -> int:
    """Return the largest font size in whole pixels at which a line fits a width.

    Args:
        text: the line.
        max_px: largest size to return.
        width_px: the width that the line has to fit.
        bold: whether the line is bold.

    """
    size = min(max_px, int(max_px * width_px / text_width_px(text, max_px, bold=bold)))
    # Hinting moves letters by parts of a pixel, so that width is not proportional to size.
    while size > 1 and text_width_px(text, size, bold=bold) > width_px:
        size -= 1
    return size
