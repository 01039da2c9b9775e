"""Size, margins, colours and text style of the picture."""

from typing import Any, Final

from matplotlib.figure import Figure

from shared.music.rendering.fonts import FONT

WIDTH_PX: Final = 1080
HEIGHT_PX: Final = 1200
DPI: Final = 100

COLOURS: Final = {
    "blues": "#1b7dff",
    "classical": "#f3fed7",
    "country": "#ade22d",
    "disco": "#fcbab5",
    "hiphop": "#eb8a3a",
    "jazz": "#c736bf",
    "metal": "#a09293",
    "pop": "#35b9ff",
    "reggae": "#367372",
    "rock": "#e70d0d",
}
"""One colour per genre.

Any two of them are at least 0.11 apart in Oklab, also as seen with protanopia, deuteranopia and
tritanopia (Machado et al. 2009), and each has a contrast of more than 3 to the background.
"""

BACKGROUND: Final = "#101620"
INK: Final = "#f2f4f8"
FAINT: Final = "#a9b4c4"
GRID: Final = "#3a4658"

EDGE: Final = 42
"""Left margin of text, in pixels."""
LEFT: Final = 116
"""Left edge of the axes, in pixels; their labels are to the left of it."""
RIGHT: Final = WIDTH_PX - EDGE
"""Right edge of axes and text, in pixels."""


def write(figure: Figure, x: float, y: float, text: str, size_px: int, **style: Any) -> None:
    """Write a line of text, taken literally, not as markup.

    Args:
        figure: the figure to draw on.
        x: position of its left end, in pixels from the left; see ``ha``.
        y: position of its middle, in pixels from the bottom; see ``va``.
        text: the line.
        size_px: font size in pixels.
        style: further arguments of matplotlib's ``Text``, such as ``ha`` and ``va``.

    """
    style = {"color": INK, "va": "center", **font(size_px), **style}
    figure.text(x / WIDTH_PX, y / HEIGHT_PX, text, **style)


def font(size_px: int) -> dict[str, Any]:
    """Return the arguments of matplotlib's ``Text`` for our font at a size in pixels."""
    return {"family": FONT, "size": size_px * 72 / DPI, "parse_math": False}
