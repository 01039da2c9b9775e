"""The picture that answers a track: its spectrogram, and the genre of every three seconds.

Drawn with matplotlib's objects on an Agg canvas and never through pyplot, whose global
list of figures would grow and is not made for threads.
"""

import io
from collections import Counter
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from shared.domain.genres import GENRES, genre_name
from shared.formatting import clock
from shared.music.constants import CHUNK_SECONDS, N_MELS, SAMPLE_RATE
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
    LEFT,
    RIGHT,
    WIDTH_PX,
    font,
    write,
)
from shared.music.rendering.wording import percent

_MEL_TICKS_HZ: Final = {128: "128", 512: "512", 1024: "1k", 2048: "2k", 4096: "4k", 8192: "8k"}
_TICK_SECONDS: Final = (1, 2, 3, 6, 15, 30, 60, 120, 180, 300, 600, 900, 1800, 3600, 7200)
_MOST_TICKS: Final = 6

_VOTES_HEIGHT: Final = 150  # pixels, as all that follows
_LEGEND_COLUMNS: Final = 3
_LEGEND_ROW: Final = 54
_LEGEND_FOOT: Final = 44


def draw(strip: NDArray[np.uint8], verdict: Verdict, *, title: str | None = None) -> bytes:
    """Draw a track's picture.

    Args:
        strip: shape (128, columns), as ``rendering.mel_preview`` makes it; it spans all
            chunks.
        verdict: what is said about the track.
        title: shown above the genre as far as the font has its characters; taken
            literally, never as markup.

    Returns:
        A PNG of 1080 by 1200 pixels.

    Raises:
        ValueError: a strip of another shape.

    """
    if strip.ndim != 2 or len(strip) != N_MELS or not strip.shape[1]:  # noqa: PLR2004
        raise ValueError(f"a strip is ({N_MELS}, columns), not {strip.shape}")
    figure = Figure(figsize=(WIDTH_PX / DPI, HEIGHT_PX / DPI), dpi=DPI, facecolor=BACKGROUND)
    canvas = FigureCanvasAgg(figure)
    top = header(figure, verdict, title)
    votes_y = _legend(figure, verdict) + 62
    span = (verdict.chunks[0].start_s, verdict.chunks[-1].end_s)
    _votes(_axes(figure, votes_y, votes_y + _VOTES_HEIGHT), verdict, span)
    _spectrogram(_axes(figure, votes_y + _VOTES_HEIGHT + 58, top), strip, span)
    png = io.BytesIO()
    canvas.print_png(png)  # type: ignore[no-untyped-call]
    return png.getvalue()


def warm_up() -> None:
    """Draw once, so that the fonts are found before the first person waits for them."""
    row = np.full((1, len(GENRES)), 1 / len(GENRES))
    verdict = Verdict.of(row, [(0.0, 3.0)], duration_s=3.0, model="")
    draw(np.zeros((N_MELS, 1), np.uint8), verdict, title="warm")


def _spectrogram(axes: Axes, strip: NDArray[np.uint8], span: tuple[float, float]) -> None:
    """Show the spectrogram in its own range of levels, so that quiet tracks look alike."""
    picture = narrow(strip)
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


def _votes(axes: Axes, verdict: Verdict, span: tuple[float, float]) -> None:
    """Show each chunk's genre as a block whose height is its probability."""
    axes.imshow(
        _blocks(verdict, _VOTES_HEIGHT, RIGHT - LEFT),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        extent=(*span, 0, 1),
    )
    axes.set_yticks([0, 0.5, 1], ["0", "50", "100"])
    ticks = _time_ticks(*span)
    axes.set_xticks(ticks, [clock(second) for second in ticks])
    _plain(axes)
    if ticks[-1] > span[1] - 0.05 * (span[1] - span[0]):
        axes.get_xticklabels()[-1].set_horizontalalignment("right")  # else it is cut off
    what = "Genre" if verdict.family == "music" else "Nearest genre"
    _caption(axes, f"{what} of every {CHUNK_SECONDS} seconds, %")


def _time_ticks(start: float, end: float) -> list[float]:
    """Choose at most six round times on the axis."""
    step = next((s for s in _TICK_SECONDS if (end - start) / s < _MOST_TICKS), _TICK_SECONDS[-1])
    return [float(s) for s in range(0, int(end) + 1, step) if s >= start]


def _blocks(verdict: Verdict, rows: int, columns: int) -> NDArray[np.float64]:
    """Paint the blocks as an image, shape (rows, columns, 3): as quick for 3600 as for one."""
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
    """Name the genres that occur, with their shares of the chunks; return the upper edge."""
    votes = Counter(chunk.genre for chunk in verdict.chunks)
    votes[verdict.genre] += 0  # the average can favour a genre that no chunk chose
    rows = -(-len(votes) // _LEGEND_COLUMNS)
    for i, (genre, count) in enumerate(votes.most_common()):
        row, column = divmod(i, _LEGEND_COLUMNS)
        x = EDGE + column * (RIGHT - EDGE) // _LEGEND_COLUMNS
        y = _LEGEND_FOOT + (rows - 1 - row) * _LEGEND_ROW
        chip = Rectangle((x, y - 15), 30, 30, facecolor=COLOURS[genre], edgecolor="none")
        chip.set_transform(None)  # display space: pixels
        figure.add_artist(chip)
        label = f"{genre_name(genre)} {percent(count / len(verdict.chunks))}"
        write(figure, x + 46, y, label, 34)
    return _LEGEND_FOOT + rows * _LEGEND_ROW


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
    """Where a frequency lies on the spectrogram's axis, in bands (row i spans i to i + 1)."""
    return (N_MELS + 1) * _mel(hertz) / _mel(SAMPLE_RATE / 2) - 0.5


def _mel(hertz: float) -> float:
    """Slaney's mel scale (Auditory Toolbox, 1998): linear to 1 kHz, logarithmic above."""
    if hertz < 1000:  # noqa: PLR2004 - the knee of the scale
        return hertz * 3 / 200
    return 15.0 + 27.0 * float(np.log(hertz / 1000) / np.log(6.4))
