"""Calibration: temperature, the threshold of a sure verdict, and the reliability diagram."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from shared.music.model.calibration import temperature_scale

BINS: Final = 10
"""Bins of the reliability diagram, of equal width."""

RIGHT_WHEN_SURE: Final = 0.92
"""Share of sure verdicts that shall be right, on the tracks that the threshold is found on.

Two points above what is promised, since the share is lower on other tracks.
"""

EXTRA_TEMPERATURE: Final = 0.36
"""What the temperature of one chunk has more than that of a very long track.

Found once, by the smallest log loss of cross-validated windows of 1, 2, 3, 5 and 10 chunks at
temperatures a + b / chunks: b was 0.358, with a standard deviation of 0.02 over the folds. Nearly
all training tracks have ten chunks, so whole tracks say nothing about it.
"""

_TEMPERATURES: Final = (0.2, 5.0)
_FLOOR: Final = 1e-6


@dataclass(frozen=True)
class Bin:
    """One bin of a reliability diagram.

    Attributes:
        tracks: number of tracks in it.
        told: mean predicted probability.
        right: share of the tracks whose genre is right.

    """

    tracks: int
    told: float
    right: float


def temperature_for(probabilities: NDArray[np.float64], genres: NDArray[np.int_]) -> float:
    """Find the temperature with the smallest log loss.

    Args:
        probabilities: shape (n, 10).
        genres: true genres, indices in ``GENRES``, shape (n,).

    """

    def loss(temperature: float) -> float:
        scaled = temperature_scale(probabilities, temperature)
        likelihood = scaled[np.arange(len(genres)), genres]
        return float(-np.log(np.maximum(likelihood, _FLOOR)).mean())

    found = minimize_scalar(loss, bounds=_TEMPERATURES, method="bounded")
    return float(found.x)


def threshold_for(
    probabilities: NDArray[np.float64], genres: NDArray[np.int_], wanted: float = RIGHT_WHEN_SURE
) -> float:
    """Find the lowest winning probability above which the wanted share is right.

    Args:
        probabilities: calibrated, shape (n, 10).
        genres: true genres, indices in ``GENRES``, shape (n,).
        wanted: share of right verdicts among the sure ones.

    """
    told, right = _winners(probabilities, genres)
    order = np.argsort(-told)
    share = right[order].cumsum() / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(share >= wanted)
    return float(told[order][enough[-1]]) if len(enough) else 1.0


def reliability(probabilities: NDArray[np.float64], genres: NDArray[np.int_]) -> list[Bin]:
    """Compare predicted probabilities with shares of right predictions; empty bins are left out.

    Args:
        probabilities: shape (n, 10).
        genres: true genres, indices in ``GENRES``, shape (n,).

    """
    told, right = _winners(probabilities, genres)
    bins = np.minimum((told * BINS).astype(int), BINS - 1)
    members = [np.flatnonzero(bins == number) for number in range(BINS)]
    return [
        Bin(len(own), float(told[own].mean()), float(right[own].mean()))
        for own in members
        if len(own)
    ]


def expected_error(bins: list[Bin]) -> float:
    """Return the expected calibration error (Naeini et al., 2015): the mean gap by tracks."""
    total = sum(own.tracks for own in bins)
    return sum(own.tracks * abs(own.told - own.right) for own in bins) / total


def _winners(
    probabilities: NDArray[np.float64], genres: NDArray[np.int_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == genres
