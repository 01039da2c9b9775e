"""The picture of a verdict: the track's spectrogram, and the genre of every chunk.

It is drawn with matplotlib's objects on an Agg canvas, not with pyplot, which keeps a global list
of figures and is not thread-safe.
"""

import io
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from shared.domain.genres import GENRES, genre_name
from shared.formatting import clock, percent
from shared.music.constants import CHUNK_SECONDS, N_MELS, SAMPLE_RATE
from shared.music.features.filters import hz_to_mel
from shared.music.model.verdict import Verdict
from shared.music.rendering.header import header
from shared.music.rendering.mel_preview import narrow
from shared.music.rendering.theme import (
    BACKGROUND,
    COLOURS,
    DPI,
    EDGE,
    FAINT,
    GRID,
    HEIGHT_PX,
    INK,
    LEFT,
    RIGHT,
    WIDTH_PX,
    font,
    write,
)

_MEL_TICKS_HZ: Final = {128: "128", 512: "512", 1024: "1k", 2048: "2k", 4096: "4k", 8192: "8k"}
_TICK_SECONDS: Final = (1, 2, 3, 6, 15, 30, 60, 120, 180, 300, 600, 900, 1800, 3600, 7200)
_MOST_TICKS: Final = 6
_MIN_TICK_DISTANCE: Final = 0.09
"""Smallest distance between two section starts with a time, as a share of the width."""

_GENRES_HEIGHT: Final = 150  # pixels, as all that follow
_LEGEND_COLUMNS: Final = 3
_LEGEND_ROW: Final = 54
_LEGEND_FOOT: Final = 44
_LEGEND_TITLE: Final = 40


def draw(preview: NDArray[np.uint8], verdict: Verdict, *, title: str | None = None) -> bytes:
    """Draw the picture of a verdict.

    Args:
        preview: the mel preview of all chunks, shape (128, columns).
        verdict: the verdict on the track.
        title: shown above the genre, as far as the font has its characters; taken
            literally, not as markup.

    Returns:
        A PNG of 1080 by 1200 pixels.

    Raises:
        ValueError: a preview of another shape.

    """
    if preview.ndim != 2 or len(preview) != N_MELS or not preview.shape[1]:  # noqa: PLR2004
        raise ValueError(f"a mel preview is ({N_MELS}, columns), not {preview.shape}")
    figure = Figure(figsize=(WIDTH_PX / DPI, HEIGHT_PX / DPI), dpi=DPI, facecolor=BACKGROUND)
    canvas = FigureCanvasAgg(figure)
    top = header(figure, verdict, title)
    genres_y = _legend(figure, verdict) + 62
    span = (verdict.chunks[0].start_s, verdict.chunks[-1].end_s)
    genres = _axes(figure, genres_y, genres_y + _GENRES_HEIGHT)
    _chunk_genres(genres, verdict, span)
    spectrogram = _axes(figure, genres_y + _GENRES_HEIGHT + 58, top)
    _spectrogram(spectrogram, preview, span)
    if verdict.by_section:
        _boundaries((genres, spectrogram), [section.start_s for section in verdict.sections[1:]])
    png = io.BytesIO()
    canvas.print_png(png)  # type: ignore[no-untyped-call]
    return png.getvalue()


def warm_up() -> None:
    """Draw once, so that matplotlib has found its fonts before the first picture."""
    row = np.full((1, len(GENRES)), 1 / len(GENRES))
    verdict = Verdict.of(row, [(0.0, 3.0)], duration_s=3.0, model="")
    draw(np.zeros((N_MELS, 1), np.uint8), verdict, title="warm")


def _spectrogram(axes: Axes, preview: NDArray[np.uint8], span: tuple[float, float]) -> None:
    """Draw the spectrogram, scaled to its own range of levels."""
    picture = narrow(preview)
    low, high = np.percentile(picture, (2, 99.8))
    axes.imshow(
        picture,
        origin="lower",
        aspect="auto",
        cmap="magma",
        interpolation="nearest",
        extent=(*span, 0, N_MELS),
        vmin=low,
        vmax=max(high, low + 1),
    )
    axes.set_yticks([_mel_row(hz) for hz in _MEL_TICKS_HZ], list(_MEL_TICKS_HZ.values()))
    axes.set_xticks([])
    _plain(axes)
    _caption(axes, "Spectrum, Hz")


def _chunk_genres(axes: Axes, verdict: Verdict, span: tuple[float, float]) -> None:
    """Draw each chunk's genre as a bar whose height is its probability."""
    axes.imshow(
        _bars(verdict, _GENRES_HEIGHT, RIGHT - LEFT),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        extent=(*span, 0, 1),
    )
    axes.set_yticks([0, 0.5, 1], ["0", "50", "100"])
    ticks = _section_ticks(verdict, span) or _time_ticks(*span)
    axes.set_xticks(ticks, [clock(second) for second in ticks])
    _plain(axes)
    if ticks[-1] > span[1] - 0.05 * (span[1] - span[0]):
        axes.get_xticklabels()[-1].set_horizontalalignment("right")  # else it is cut off
    what = "Genre" if verdict.family == "music" else "Nearest genre"
    _caption(axes, f"{what} of every {CHUNK_SECONDS} seconds, %")


def _boundaries(drawn: Sequence[Axes], times: Sequence[float]) -> None:
    """Mark where sections begin."""
    for axes in drawn:
        for time in times:
            axes.axvline(time, color=INK, linewidth=2, linestyle=(0, (4, 3)))


def _section_ticks(verdict: Verdict, span: tuple[float, float]) -> list[float]:
    """Return the starts of the sections, where there is room for all of them."""
    starts = [section.start_s for section in verdict.sections]
    room = _MIN_TICK_DISTANCE * (span[1] - span[0])
    crowded = any(later - earlier < room for earlier, later in pairwise(starts))
    return starts if verdict.by_section and not crowded else []


def _time_ticks(start: float, end: float) -> list[float]:
    """Return at most six round times in seconds."""
    step = next((s for s in _TICK_SECONDS if (end - start) / s < _MOST_TICKS), _TICK_SECONDS[-1])
    return [float(s) for s in range(0, int(end) + 1, step) if s >= start]


def _bars(verdict: Verdict, rows: int, columns: int) -> NDArray[np.float64]:
    """Return the bars as an image, shape (rows, columns, 3), which is fast for any number."""
    chunks = verdict.chunks
    colours = np.array([to_rgb(COLOURS[chunk.genre]) for chunk in chunks])
    heights = np.array([chunk.probabilities[chunk.genre] for chunk in chunks])
    background = np.array(to_rgb(BACKGROUND))
    owner = np.arange(columns) * len(chunks) // columns
    filled = np.arange(rows)[:, None] < np.ceil(heights[owner] * rows)[None, :]
    painted: NDArray[np.float64] = np.where(
        filled[..., None], colours[owner], 0.22 * colours[owner] + 0.78 * background
    )
    return painted


def _legend(figure: Figure, verdict: Verdict) -> int:
    """Draw the genres of the chunks with their shares; return the upper edge in pixels."""
    counts = Counter(chunk.genre for chunk in verdict.chunks)
    counts[verdict.genre] += 0  # the track's genre may be that of no single chunk
    rows = -(-len(counts) // _LEGEND_COLUMNS)
    for i, (genre, count) in enumerate(counts.most_common()):
        row, column = divmod(i, _LEGEND_COLUMNS)
        x = EDGE + column * (RIGHT - EDGE) // _LEGEND_COLUMNS
        y = _LEGEND_FOOT + (rows - 1 - row) * _LEGEND_ROW
        chip = Rectangle((x, y - 15), 30, 30, facecolor=COLOURS[genre], edgecolor="none")
        chip.set_transform(None)  # display space: pixels
        figure.add_artist(chip)
        label = f"{genre_name(genre)} {percent(count / len(verdict.chunks))}"
        write(figure, x + 46, y, label, 34)
    top = _LEGEND_FOOT + rows * _LEGEND_ROW
    write(figure, EDGE, top, f"Share of the {CHUNK_SECONDS}-second pieces", 28, color=FAINT)
    return top + _LEGEND_TITLE


def _axes(figure: Figure, bottom: int, top: int) -> Axes:
    return figure.add_axes(
        (
            LEFT / WIDTH_PX,
            bottom / HEIGHT_PX,
            (RIGHT - LEFT) / WIDTH_PX,
            (top - bottom) / HEIGHT_PX,
        )
    )


def _plain(axes: Axes) -> None:
    axes.set_facecolor(BACKGROUND)
    axes.tick_params(colors=FAINT, length=6, width=1.5)
    for side in axes.spines.values():
        side.set_color(GRID)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set(**font(28))


def _caption(axes: Axes, text: str) -> None:
    axes.set_title(text, loc="left", pad=8, color=FAINT, fontdict=font(28))


def _mel_row(hertz: float) -> float:
    """Return the position of a frequency on the spectrogram's axis (band i spans i to i + 1)."""
    return (N_MELS + 1) * hz_to_mel(hertz) / hz_to_mel(SAMPLE_RATE / 2) - 0.5
