"""The sheet that a track's picture is drawn on: its size, its colours, and its letters."""

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
"""One colour per genre, for ever the same.

Found by search: every two of them lie at least 0.11 apart in Oklab, also as seen with
protanopia, deuteranopia and tritanopia (Machado et al. 2009), and each has a contrast
of more than 3 to the background.
"""

BACKGROUND: Final = "#101620"
INK: Final = "#f2f4f8"
FAINT: Final = "#a9b4c4"
GRID: Final = "#3a4658"

EDGE: Final = 42
"""Margin in pixels, as the next two are."""
LEFT: Final = 116
"""Where axes begin, with room for their numbers on the left."""
RIGHT: Final = WIDTH_PX - EDGE


def write(figure: Figure, x: float, y: float, text: str, size_px: int, **style: Any) -> None:
    """Write a line, taken literally, at a place in pixels from the lower left corner.

    Args:
        figure: where to.
        x: of its left end, unless ``style`` says ``ha``.
        y: of its middle, unless ``style`` says ``va``.
        text: the line.
        size_px: of the font, in pixels.
        style: what else matplotlib's ``Text`` takes.

    """
    style = {"color": INK, "va": "center", **font(size_px), **style}
    figure.text(x / WIDTH_PX, y / HEIGHT_PX, text, **style)


def font(size_px: int) -> dict[str, Any]:
    """Return what makes any text of matplotlib one of ours."""
    return {"family": FONT, "size": size_px * 72 / DPI, "parse_math": False}
