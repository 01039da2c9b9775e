"""The reliability diagram: how often what is told with some probability is right."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from matplotlib.figure import Figure

from training.fitting.calibration import BINS, Bin

_INK, _BAR, _PALE = "#1f2430", "#3b6ea8", "#c9ced6"
_SIZE: Final = (5.0, 5.0)
_DPI: Final = 120


def draw_reliability(bins: Sequence[Bin], expected_error: float, path: Path) -> None:
    """Write the diagram as PNG (DeGroot and Fienberg, 1983; Guo et al., 2017, figure 1).

    A bar reaches up to the share that is right of the tracks told with about one
    probability, and carries their number; on the diagonal, what is told is true.

    Args:
        bins: from ``reliability``.
        expected_error: expected calibration error.
        path: the file to write.

    Raises:
        OSError: it cannot be written.

    """
    figure = Figure(figsize=_SIZE, dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=_PALE, linestyle="--", linewidth=1.5)
    for group in bins:
        axes.bar(group.told, group.right, width=0.7 / BINS, color=_BAR)
        axes.annotate(
            str(group.tracks),
            (group.told, group.right),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            color=_INK,
            fontsize=8,
        )
    axes.set(
        xlim=(0, 1),
        ylim=(0, 1.08),
        xlabel="probability told",
        ylabel="share of tracks that is right",
        title=f"Expected calibration error {expected_error:.3f}",
    )
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, format="png", metadata={"Software": None})
