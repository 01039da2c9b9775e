"""Columns that a classifier sees: the published ones, or also the recordings' own axes."""

from typing import Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

Columns = Literal["published", "axes", "published+axes"]

_SHRINKAGE: Final = 0.1
_LIMIT: Final = 4.0

Features = NDArray[np.float64]


class RecordingAxes:
    """Directions in which recordings differ most, set against what varies within one.

    Linear discriminant analysis with the recording as the class (Fisher, 1936; the
    whitening of the scatter within classes is also known as WCCN, Hatch et al. 2006).
    It helps where chunks of a recording that was learned from are to be recognised,
    which is what the row-wise split asks for, and can do nothing else.
    """

    def fit(self, features: Features, tracks: NDArray[np.str_]) -> Self:
        """Learn the axes.

        Args:
            features: shape (chunks, columns), any finite numbers.
            tracks: the recording of each chunk, shape (chunks,).

        """
        # Variances and the like are skewed; where nothing is negative, take logarithms.
        self._floor = np.array([_least(column) for column in features.T])
        logs = self._logs(features)
        self._centre, spread = logs.mean(axis=0), logs.std(axis=0)
        self._spread = np.where(spread > 0, spread, 1.0)
        points = self._standard(features)
        _, place = np.unique(tracks, return_inverse=True)
        counts = np.bincount(place)
        means = np.stack([np.bincount(place, column) / counts for column in points.T], axis=1)
        within = np.cov(points - means[place], rowvar=False, bias=True)
        size = len(within)
        isotropic = np.eye(size) * np.trace(within) / size
        values, vectors = np.linalg.eigh((1 - _SHRINKAGE) * within + _SHRINKAGE * isotropic)
        whitener = vectors / np.sqrt(np.maximum(values, np.finfo(float).tiny))
        _, turn = np.linalg.eigh(np.cov(means @ whitener, rowvar=False))
        axes = whitener @ turn[:, ::-1]
        self._axes = axes / (points @ axes).std()
        return self

    def transform(self, features: Features) -> Features:
        """Return coordinates of shape (chunks, columns), most telling axis first."""
        coordinates: Features = self._standard(features) @ self._axes
        return coordinates

    def _logs(self, features: Features) -> Features:
        positive = self._floor > 0
        logs = features.copy()
        logs[:, positive] = np.log(np.maximum(features[:, positive], self._floor[positive]))
        return logs

    def _standard(self, features: Features) -> Features:
        scaled = (self._logs(features) - self._centre) / self._spread
        clipped: Features = np.clip(scaled, -_LIMIT, _LIMIT)
        return clipped


def _least(column: Features) -> float:
    """Return a column's smallest positive value, or 0 where it also has negative ones."""
    return float(column[column > 0].min()) if (column >= 0).all() and column.any() else 0.0
