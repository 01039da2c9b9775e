"""The recordings' own axes."""

import numpy as np
from numpy.typing import NDArray

from training.data.gtzan import Dataset
from training.study.classifiers.columns import RecordingAxes


def _recognised(points: NDArray[np.float64], tracks: NDArray[np.str_]) -> float:
    """Return the share of points whose nearest neighbour is of the same recording."""
    apart = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    np.fill_diagonal(apart, np.inf)
    return float((tracks[apart.argmin(axis=1)] == tracks).mean())


def test_recordings_are_recognised_better_along_the_axes() -> None:
    """Noise that all recordings share is turned down, what tells them apart is kept."""
    rng = np.random.default_rng(0)
    tracks = np.repeat([f"blues.{n:05}" for n in range(30)], 5)
    own = np.repeat(rng.normal(0, 1, (30, 8)), 5, axis=0)
    features = np.hstack([own + rng.normal(0, 0.3, own.shape), rng.normal(0, 3, (150, 8))])
    spread = features / features.std(axis=0)
    turned = RecordingAxes().fit(features, tracks).transform(features)
    assert _recognised(turned, tracks) > _recognised(spread, tracks) + 0.1


def test_axes_come_most_telling_first(dataset: Dataset) -> None:
    """The spread between recordings falls from axis to axis."""
    axes = RecordingAxes().fit(dataset.features, dataset.tracks)
    turned = axes.transform(dataset.features)
    names = np.unique(dataset.tracks)
    means = np.array([turned[dataset.tracks == name].mean(axis=0) for name in names])
    assert (np.diff(means.std(axis=0)) <= 1e-9).all()
    assert turned.shape == dataset.features.shape


def test_columns_that_say_nothing_do_no_harm(dataset: Dataset) -> None:
    """A constant column, and values far outside those learned from, stay finite."""
    features = dataset.features.copy()
    features[:, 3] = 5.0
    features[:, 4] = np.abs(features[:, 4])
    axes = RecordingAxes().fit(features, dataset.tracks)
    assert np.isfinite(axes.transform(features * 1e6)).all()
