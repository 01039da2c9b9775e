"""The windows of a track, and the row of statistics that the classifier sees of each.

Of each tag: mean, standard deviation and the 10 % and 90 % quantiles of its log odds, and the mean
of the square root of its likelihood, which follows tags that are clearly present. Of each gain-free
feature: mean and standard deviation.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.music.constants import WINDOW_CHUNKS
from shared.music.features.gain_invariance import GAIN_FREE_NAMES, gain_free
from shared.music.tagging.tagger import TAG_NAMES

LIKELIHOOD_FLOOR: Final = 1e-6
"""Distance from 0 and from 1 that likelihoods are limited to before their log odds are taken."""

TAG_PREFIX: Final = "tag:"
"""Beginning of the names of columns about tags."""

_QUANTILES: Final = (0.1, 0.9)
_TAG_STATISTICS: Final = ("mean", "std", "root_mean", "q10", "q90")
_FEATURE_STATISTICS: Final = ("mean", "std")

AGGREGATE_NAMES: Final[tuple[str, ...]] = (
    *(f"{TAG_PREFIX}{tag}:{statistic}" for statistic in _TAG_STATISTICS for tag in TAG_NAMES),
    *(f"{name}:{statistic}" for statistic in _FEATURE_STATISTICS for name in GAIN_FREE_NAMES),
)
"""Columns of an aggregated window (362)."""

N_TAG_COLUMNS: Final = len(_TAG_STATISTICS) * len(TAG_NAMES)
"""Number of columns about tags, which come first (250)."""


def aggregate(features: NDArray[np.float64], tags: NDArray[np.floating]) -> NDArray[np.float64]:
    """Aggregate a window into one row.

    Args:
        features: shape (n, 57), n at least 1, columns as ``FEATURE_NAMES``.
        tags: shape (m, 50), m at least 1, likelihoods, columns as ``TAG_NAMES``. They need
            not belong to the same chunks as the features.

    Returns:
        Shape (362,), columns as ``AGGREGATE_NAMES``.

    Raises:
        ValueError: other shapes, or values that are not finite.

    """
    if tags.ndim != 2 or tags.shape[1] != len(TAG_NAMES) or not len(tags) or not len(features):  # noqa: PLR2004 - a table
        raise ValueError(f"no window has tags of {tags.shape} and features of {features.shape}")
    odds = log_odds(tags)
    row = np.concatenate(
        (
            odds.mean(axis=0),
            odds.std(axis=0),
            np.sqrt(tags, dtype=np.float64).mean(axis=0),
            *np.quantile(odds, _QUANTILES, axis=0),
            aggregate_features(features),
        )
    )
    if not np.isfinite(row).all():
        wrong = [
            name for name, value in zip(AGGREGATE_NAMES, row, strict=True) if not np.isfinite(value)
        ]
        raise ValueError(f"features or tags are not finite: {', '.join(wrong)}")
    return row


def aggregate_features(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Aggregate the features of a window alone.

    Args:
        features: as for ``aggregate``.

    Returns:
        Shape (112,), the columns of ``AGGREGATE_NAMES`` from ``N_TAG_COLUMNS`` on.

    """
    free = gain_free(features)
    return np.concatenate((free.mean(axis=0), free.std(axis=0)))


def log_odds(
    likelihoods: NDArray[np.floating], floor: float = LIKELIHOOD_FLOOR
) -> NDArray[np.float64]:
    """Return the logarithm of p / (1 - p), in the shape of ``likelihoods``.

    Args:
        likelihoods: p, from 0 to 1.
        floor: p is limited to the range from ``floor`` to 1 - ``floor``.

    """
    p = np.clip(likelihoods.astype(np.float64), floor, 1 - floor)
    odds: NDArray[np.float64] = np.log(p) - np.log1p(-p)
    return odds


class Windows(NamedTuple):
    """Aggregated windows.

    Attributes:
        rows: shape (windows, 362), columns as ``AGGREGATE_NAMES``.
        sizes: number of audible chunks in each, shape (windows,).

    """

    rows: NDArray[np.float64]
    sizes: NDArray[np.int_]

    def mean(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean of the windows' values, weighted by their chunks.

        Args:
            values: shape (windows, ...).

        """
        mean: NDArray[np.float64] = np.average(values, axis=0, weights=self.sizes)
        return mean


def track_windows(
    features: NDArray[np.float64], tags: NDArray[np.floating], heard: NDArray[np.bool_]
) -> Windows:
    """Aggregate consecutive windows of ``WINDOW_CHUNKS`` chunks; silent windows are left out.

    Args:
        features: shape (n, 57), columns as ``FEATURE_NAMES``.
        tags: shape (n, 50), columns as ``TAG_NAMES``.
        heard: which chunks are audible, shape (n,), one at least.

    """
    rows, sizes = [], []
    for start in range(0, len(features), WINDOW_CHUNKS):
        chunks = start + np.flatnonzero(heard[start : start + WINDOW_CHUNKS])
        if len(chunks):
            rows.append(aggregate(features[chunks], tags[chunks]))
            sizes.append(len(chunks))
    return Windows(np.stack(rows), np.array(sizes))


def chunk_windows(
    features: NDArray[np.float64], tags: NDArray[np.floating], heard: NDArray[np.bool_]
) -> Windows:
    """Aggregate, for each audible chunk, a window of the chunk and its audible neighbours.

    Args:
        features: as for ``track_windows``.
        tags: as for ``track_windows``.
        heard: as for ``track_windows``.

    """
    rows, sizes = [], []
    for chunk in np.flatnonzero(heard).tolist():
        near = slice(max(0, chunk - 1), chunk + 2)
        kept = heard[near]
        rows.append(aggregate(features[near][kept], tags[near][kept]))
        sizes.append(int(kept.sum()))
    return Windows(np.stack(rows), np.array(sizes))
