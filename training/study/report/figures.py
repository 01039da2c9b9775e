"""Figures of the report, drawn from the results alone."""

from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from shared.domain.genres import GENRES, genre_name
from shared.music.rendering.fonts import FONT
from training.study.results import Pictures, Protocol, ProtocolScores, Tuning

WIDTH_IN: Final = 7.2
_DPI: Final = 140
_INK: Final = "#222222"
_FAINT: Final = "#8a8a8a"
_GRID: Final = "#e4e4e4"
# Okabe and Ito (2008): distinguishable with every common colour blindness.
_BLUE, _ORANGE, _GREEN, _RED, _PURPLE, _SKY = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#d55e00",
    "#cc79a7",
    "#56b4e9",
)
_STYLE: Final[Any] = {
    "font.family": FONT,
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": _FAINT,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "legend.frameon": False,
    "figure.dpi": _DPI,
}
_TOP_COLUMNS: Final = 20
_DARK: Final = 0.55


def draw_history(tuning: Tuning, reference: float, path: Path) -> None:
    """Draw the search: every trial's score, and the best so far of each family."""
    with rc_context(_STYLE):
        figure = _figure(3.0)
        axes = figure.subplots()
        families = list(dict.fromkeys(trial.family for trial in tuning.trials))
        for family, colour in zip(families, (_BLUE, _RED), strict=False):
            trials = [t for t in tuning.trials if t.family == family and t.value is not None]
            values = np.array([t.value for t in trials], float)
            whole = np.array([t.state == "COMPLETE" for t in trials])
            at = np.array([t.number for t in trials])
            axes.scatter(
                at[~whole], values[~whole], 16, facecolors="none", edgecolors=colour, lw=0.8
            )
            axes.scatter(at[whole], values[whole], 22, color=colour, label=f"{family}")
            axes.step(at, np.maximum.accumulate(values), where="post", color=colour, lw=1)
        axes.axhline(reference, color=_FAINT, lw=1, ls="--", label="reference's parameters")
        axes.set(
            xlabel="trial",
            ylabel="macro F1 on validation",
            title="Search for CatBoost's parameters (hollow: stopped early)",
        )
        axes.legend(loc="lower right")
        axes.grid(axis="y", color=_GRID)
        _save(figure, path)


def draw_importances(tuning: Tuning, path: Path) -> None:
    """Draw the most important columns of the tuned CatBoost."""
    with rc_context(_STYLE):
        figure = _figure(3.6)
        axes = figure.subplots()
        ranked = sorted(tuning.importances.items(), key=lambda item: item[1])[-_TOP_COLUMNS:]
        axes.barh([name for name, _ in ranked], [share for _, share in ranked], color=_BLUE)
        axes.set(
            xlabel="importance, %",
            title=f"The {len(ranked)} of {len(tuning.importances)} most important columns",
        )
        axes.grid(axis="x", color=_GRID)
        axes.margins(y=0.01)
        _save(figure, path)


def draw_splits(splits: ProtocolScores, path: Path) -> None:
    """Draw every model's score under every protocol, for chunks and for tracks."""
    with rc_context(_STYLE):
        figure = _figure(4.3)
        panels = figure.subplots(1, 2, sharey=True)
        titles = ("Chunks of 3 s", "Tracks, probabilities averaged")
        colours = {name: _colour(name) for name in splits.protocols[0].scores}
        places = np.arange(len(splits.protocols))
        for axes, level, title in zip(panels, ("chunk", "track_mean"), titles, strict=True):
            for name, colour in colours.items():
                values = [_score(protocol, name, level) for protocol in splits.protocols]
                axes.plot(places, values, ms=3.5, color=colour, label=name, **_line(name))
            axes.set(title=title, ylim=(0.25, 1.0), xlim=(-0.4, len(places) - 0.6))
            axes.set_xticks(places, [_lines(protocol) for protocol in splits.protocols])
            axes.grid(axis="y", color=_GRID)
        panels[0].set_ylabel("macro F1")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
        _save(figure, path)


def draw_confusions(protocols: list[Protocol], path: Path) -> None:
    """Draw row-normalised confusion matrices of the tuned CatBoost, side by side."""
    with rc_context(_STYLE):
        figure = _figure(4.25)
        panels = figure.subplots(1, len(protocols), sharey=True, squeeze=False)[0]
        for axes, protocol in zip(panels, protocols, strict=True):
            _matrix(axes, np.array(protocol.confusion), protocol.title)
        panels[0].set_ylabel("true genre")
        _save(figure, path)


def draw_genres(protocols: list[Protocol], path: Path) -> None:
    """Draw each genre's precision and recall under two protocols."""
    with rc_context(_STYLE):
        figure = _figure(3.6)
        panels = figure.subplots(1, 2, sharey=True)
        places = np.arange(len(GENRES))[::-1]
        for axes, title, which in zip(panels, ("Precision", "Recall"), (0, 1), strict=True):
            shares = [_shares(np.array(protocol.confusion), which) for protocol in protocols]
            axes.hlines(places, np.min(shares, axis=0), np.max(shares, axis=0), color=_GRID, lw=3)
            for protocol, share, colour in zip(protocols, shares, (_BLUE, _RED), strict=False):
                axes.scatter(share, places, 26, color=colour, label=protocol.title, zorder=3)
            axes.set(title=title, xlim=(0, 1.02), xlabel="share")
            axes.set_yticks(places, [genre_name(genre) for genre in GENRES])
            axes.grid(axis="x", color=_GRID)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2)
        _save(figure, path)


def draw_ablation(pictures: Pictures, path: Path) -> None:
    """Draw the score after each change to the network, and the last confusion matrix."""
    with rc_context(_STYLE):
        figure = _figure(3.9)
        left, right = figure.subplots(1, 2, width_ratios=(1.0, 1.0))
        places = np.arange(len(pictures.versions))[::-1]
        for column, label, colour in (
            ("six_f1", "six genres", _BLUE),
            ("ten_f1", "all ten", _SKY),
        ):
            means = [float(np.mean(getattr(version, column))) for version in pictures.versions]
            left.plot(means, places, "o", ms=5, color=colour, label=label)
            for place, version in zip(places, pictures.versions, strict=True):
                runs = getattr(version, column)
                left.plot(runs, [place] * len(runs), "|", ms=7, color=colour)
        left.axvline(0.7, color=_FAINT, lw=0.8, ls="--")
        left.set_yticks(places, [version.name for version in pictures.versions])
        left.set(title="Score after each change", xlabel="macro F1", xlim=(0.2, 0.95))
        left.grid(axis="both", color=_GRID)
        handles, labels = left.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower left", ncols=2)
        best = [version for version in pictures.versions if len(version.six_f1) > 1][-1]
        _matrix(right, np.array(best.confusion), best.name)
        right.set_ylabel("true genre")
        _save(figure, path)


def _matrix(axes: Axes, counts: NDArray[Any], title: str) -> None:
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    names = [genre_name(genre) for genre in GENRES]
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0)
    axes.set(title=title, xlabel="predicted genre")
    axes.spines[:].set_visible(False)
    for (row, column), share in np.ndenumerate(shares):
        if percent := round(100 * float(share)):
            axes.text(
                column,
                row,
                str(percent),
                ha="center",
                va="center",
                fontsize=6,
                color="white" if share > _DARK else _INK,
            )


def _shares(counts: NDArray[Any], axis: int) -> NDArray[np.float64]:
    """Return the correct share of the predicted (axis 0) or the true (axis 1)."""
    shares: NDArray[np.float64] = counts.diagonal() / np.maximum(counts.sum(axis=axis), 1)
    return shares


def _score(protocol: Protocol, model: str, level: str) -> float:
    return next(s.macro_f1 for s in protocol.scores[model] if s.level == level)


def _lines(protocol: Protocol) -> str:
    first, comma, rest = protocol.title.partition(", ")
    return f"{first},\n{rest}" if comma else protocol.title.replace(" ", "\n", 1)


def _line(name: str) -> dict[str, Any]:
    """Draw tuned models solid, those with the added axes dashed, the original six dotted."""
    if "axes" in name:
        return {"ls": "--", "lw": 1.6, "marker": "s"}
    if "tuned" in name:
        return {"ls": "-", "lw": 1.8, "marker": "o"}
    return {"ls": ":", "lw": 1.0, "marker": "o"}


def _colour(name: str) -> str:
    kinds = {
        "Cat": _RED,
        "SVC": _BLUE,
        "Soft": _INK,
        "Log": _FAINT,
        "Random": _GREEN,
        "KN": _ORANGE,
        "XGB": _PURPLE,
    }
    return next(colour for start, colour in kinds.items() if name.startswith(start))


def _figure(height_in: float) -> Figure:
    figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without the library's name and version the same results give the same file.
    figure.savefig(path, dpi=_DPI, metadata={"Software": None})
