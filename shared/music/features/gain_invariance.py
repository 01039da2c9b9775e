"""The features as they would be at any volume.

A gain g multiplies the samples of a chunk. It multiplies ``rms`` and the means of
``harmony`` and ``perceptr`` by g, their variances by g squared, and adds
``20 log10(g) sqrt(N_MELS)`` to ``mfcc1_mean`` (the first coefficient of an orthonormal
cosine transform is the sum of the mel bands over ``sqrt(N_MELS)``); nothing else moves.
Dividing by the chunk's own level therefore takes the volume out, from the columns of the
published table as well as from features of our own, without any audio.
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
_LOGGED: Final = tuple(
    name for name in FEATURE_NAMES if name.endswith("_var") or name == "zero_crossing_rate_mean"
)
"""Columns that spread over decades; on them a model sees ratios better than differences."""

LEVEL_FLOOR: Final = 1e-9
"""Smallest ``rms_mean`` that is divided by, full scale at one: less is silence."""
LOG_FLOOR: Final = 1e-9
"""Smallest value whose logarithm is taken."""

GAIN_FREE_NAMES: Final = tuple(name for name in FEATURE_NAMES if name != _LEVEL)
"""Columns of the gain-free view: the published ones, but for the level itself."""


def gain_free(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take the volume out of features, and logarithms where values spread over decades.

    Args:
        features: shape (n, 57), columns as ``FEATURE_NAMES``.

    Returns:
        Shape (n, 56), columns as ``GAIN_FREE_NAMES``.

    Raises:
        ValueError: another number of columns.

    """
    if features.ndim != 2 or features.shape[1] != len(FEATURE_NAMES):  # noqa: PLR2004 - a table
        raise ValueError(f"features are (n, {len(FEATURE_NAMES)}), not {features.shape}")
    column = {name: place for place, name in enumerate(FEATURE_NAMES)}
    level = np.maximum(features[:, column[_LEVEL]], LEVEL_FLOOR)
    free = features.astype(np.float64, copy=True)
    for name in _PROPORTIONAL:
        free[:, column[name]] /= level
    for name in _SQUARED:
        free[:, column[name]] /= level**2
    free[:, column[_DECIBELS]] -= 20 * np.sqrt(N_MELS) * np.log10(level)
    logged = [column[name] for name in _LOGGED]
    free[:, logged] = np.log(np.maximum(free[:, logged], LOG_FLOOR))
    return np.delete(free, column[_LEVEL], axis=1)
