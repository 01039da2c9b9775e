"""Input columns of a classifier: the published features, or discriminant axes of the recordings."""

from typing import Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

Columns = Literal["published", "axes", "published+axes"]

_SHRINKAGE: Final = 0.1
_LIMIT: Final = 4.0

Features = NDArray[np.float64]


class RecordingAxes:
    """Directions in which recordings differ most, relative to the variation within one.

    Linear discriminant analysis with the recording as the class (Fisher, 1936; the
    whitening of the scatter within classes is also known as WCCN, Hatch et al. 2006).
    It helps to recognise chunks of a recording that is in the training data, which is what
    the row-wise split measures, and nothing else.
    """

    def fit(self, features: Features, tracks: NDArray[np.str_]) -> Self:
        """Fit the axes.

        Args:
            features: shape (chunks, columns), any finite numbers.
            tracks: the recording of each chunk, shape (chunks,).

        """
        # Variances are skewed: columns without negative values are transformed by logarithm.
        self._least = np.array([_least(column) for column in features.T])
        logs = self._logs(features)
        self._centre, spread = logs.mean(axis=0), logs.std(axis=0)
        self._spread = np.where(spread > 0, spread, 1.0)
        points = self._standard(features)
        _, track_of = np.unique(tracks, return_inverse=True)
        counts = np.bincount(track_of)
        means = np.stack([np.bincount(track_of, column) / counts for column in points.T], axis=1)
        within = np.cov(points - means[track_of], rowvar=False, bias=True)
        size = len(within)
        isotropic = np.eye(size) * np.trace(within) / size
        values, vectors = np.linalg.eigh((1 - _SHRINKAGE) * within + _SHRINKAGE * isotropic)
        whitener = vectors / np.sqrt(np.maximum(values, np.finfo(float).tiny))
        _, rotation = np.linalg.eigh(np.cov(means @ whitener, rowvar=False))
        axes = whitener @ rotation[:, ::-1]
        self._axes = axes / (points @ axes).std()
        return self

    def transform(self, features: Features) -> Features:
        """Return coordinates of shape (chunks, columns), most discriminative axis first."""
        coordinates: Features = self._standard(features) @ self._axes
        return coordinates

    def _logs(self, features: Features) -> Features:
        positive = self._least > 0
        logs = features.copy()
        logs[:, positive] = np.log(np.maximum(features[:, positive], self._least[positive]))
        return logs

    def _standard(self, features: Features) -> Features:
        scaled = (self._logs(features) - self._centre) / self._spread
        clipped: Features = np.clip(scaled, -_LIMIT, _LIMIT)
        return clipped


def _least(column: Features) -> float:
    """Return a column's smallest positive value, or 0 where it also has negative ones."""
    return float(column[column > 0].min()) if (column >= 0).all() and column.any() else 0.0
