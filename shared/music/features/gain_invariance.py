"""Features made independent of the volume.

Multiplying the samples of a chunk by a gain g multiplies ``rms`` and the means of ``harmony`` and
``perceptr`` by g, multiplies their variances by g², and adds ``20 log10(g) sqrt(N_MELS)`` to
``mfcc1_mean`` (the first coefficient of an orthonormal cosine transform is the sum of the mel
bands over ``sqrt(N_MELS)``). No other column changes. Dividing by the chunk's own level therefore
removes the volume, also from published tables, without any audio.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.music.constants import N_MELS
from shared.music.features.table import FEATURE_NAMES

_LEVEL: Final = "rms_mean"
_PROPORTIONAL: Final = ("harmony_mean", "perceptr_mean")
_SQUARED: Final = ("rms_var", "harmony_var", "perceptr_var")
_DECIBELS: Final = "mfcc1_mean"
_LOGARITHMIC: Final = tuple(
    name for name in FEATURE_NAMES if name.endswith("_var") or name == "zero_crossing_rate_mean"
)
"""Columns whose values spread over decades, so that their logarithms are used."""

LEVEL_FLOOR: Final = 1e-9
"""Lower limit of ``rms_mean`` as a divisor (full scale 1)."""
LOG_FLOOR: Final = 1e-9
"""Lower limit of values before their logarithm is taken."""

GAIN_FREE_NAMES: Final = tuple(name for name in FEATURE_NAMES if name != _LEVEL)
"""Columns of gain-free features: all published ones except the level itself."""


def gain_free(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Remove the volume from features, and take logarithms of columns that span decades.

    Args:
        features: shape (n, 57), columns as ``FEATURE_NAMES``.

    Returns:
        Shape (n, 56), columns as ``GAIN_FREE_NAMES``.

    Raises:
        ValueError: another number of columns.

    """
    if features.ndim != 2 or features.shape[1] != len(FEATURE_NAMES):  # noqa: PLR2004 - a table
        raise ValueError(f"features are (n, {len(FEATURE_NAMES)}), not {features.shape}")
    column = {name: index for index, name in enumerate(FEATURE_NAMES)}
    level = np.maximum(features[:, column[_LEVEL]], LEVEL_FLOOR)
    free = features.astype(np.float64, copy=True)
    for name in _PROPORTIONAL:
        free[:, column[name]] /= level
    for name in _SQUARED:
        free[:, column[name]] /= level**2
    free[:, column[_DECIBELS]] -= 20 * np.sqrt(N_MELS) * np.log10(level)
    logarithmic = [column[name] for name in _LOGARITHMIC]
    free[:, logarithmic] = np.log(np.maximum(free[:, logarithmic], LOG_FLOOR))
    return np.delete(free, column[_LEVEL], axis=1)
