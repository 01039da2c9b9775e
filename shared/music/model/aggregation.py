"""How the model sees a stretch of music: what is usual in it, and how much it varies.

A stretch is up to half a minute of chunks. Of each tag's log odds it tells the mean, the
spread and both ends (10 % and 90 % quantiles), and the mean of the likelihood's square
root, which follows what is clearly there; of each gain-free feature the mean and the spread.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.music.features.gain_invariance import GAIN_FREE_NAMES, gain_free
from shared.music.tagging.tagger import TAG_NAMES

LIKELIHOOD_FLOOR: Final = 1e-6
"""Likelihoods nearer than this to 0 or 1 count as that near."""

_QUANTILES: Final = (0.1, 0.9)
_TAG_STATISTICS: Final = ("mean", "std", "root_mean", "q10", "q90")
_FEATURE_STATISTICS: Final = ("mean", "std")

AGGREGATE_NAMES: Final[tuple[str, ...]] = (
    *(f"tag:{tag}:{statistic}" for statistic in _TAG_STATISTICS for tag in TAG_NAMES),
    *(f"{name}:{statistic}" for statistic in _FEATURE_STATISTICS for name in GAIN_FREE_NAMES),
)
"""Columns of a described stretch (362)."""

N_TAG_COLUMNS: Final = len(_TAG_STATISTICS) * len(TAG_NAMES)
"""How many of them, from the first on, are about tags (250)."""


def aggregate(features: NDArray[np.float64], tags: NDArray[np.floating]) -> NDArray[np.float64]:
    """Describe a stretch by one row.

    Args:
        features: shape (n, 57), n at least 1, columns as ``FEATURE_NAMES``, at any volume.
        tags: shape (m, 50), m at least 1, likelihoods in the order of ``TAG_NAMES``, of
            some moments of the stretch; they need not be those of the chunks.

    Returns:
        Shape (362,), columns as ``AGGREGATE_NAMES``.

    Raises:
        ValueError: other shapes, or values that are not finite.

    """
    if tags.ndim != 2 or tags.shape[1] != len(TAG_NAMES) or not len(tags) or not len(features):  # noqa: PLR2004 - a table
        raise ValueError(f"no stretch has tags of {tags.shape} and features of {features.shape}")
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
    """Describe a stretch by its features alone.

    Args:
        features: as for ``describe``.

    Returns:
        Shape (112,), the last columns of ``AGGREGATE_NAMES``, those that are not about tags.

    """
    free = gain_free(features)
    return np.concatenate((free.mean(axis=0), free.std(axis=0)))


def log_odds(tags: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the logarithm of p / (1 - p), bounded, in the shape of ``tags``."""
    p = np.clip(tags.astype(np.float64), LIKELIHOOD_FLOOR, 1 - LIKELIHOOD_FLOOR)
    odds: NDArray[np.float64] = np.log(p) - np.log1p(-p)
    return odds
