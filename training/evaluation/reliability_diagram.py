"""The reliability diagram: predicted probability against the share that is right."""

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

    Each bar shows the share of right predictions in one bin, labelled with its number of
    tracks. Perfect calibration lies on the diagonal.

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
    for one in bins:
        axes.bar(one.told, one.right, width=0.7 / BINS, color=_BAR)
        axes.annotate(
            str(one.tracks),
            (one.told, one.right),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            color=_INK,
            fontsize=8,
        )
    axes.set(
        xlim=(0, 1),
        ylim=(0, 1.08),
        xlabel="predicted probability",
        ylabel="share of tracks that are right",
        title=f"Expected calibration error {expected_error:.3f}",
    )
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, format="png", metadata={"Software": None})
