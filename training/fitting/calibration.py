"""From scores to honest probabilities, and to the point where a verdict is told as unsure."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from shared.music.model.calibration import temperature_scale
from training.evaluation.cross_validation import FOLDS, Folds

BINS: Final = 10
"""Bins of the reliability diagram, of equal width."""

RIGHT_WHEN_SURE: Final = 0.92
"""Share of right verdicts that is aimed at where nothing is said to be unsure.

Two points above what is promised: thresholds are found on other tracks than they serve.
"""

_TEMPERATURES: Final = (0.2, 5.0)
_FLOOR: Final = 1e-6


@dataclass(frozen=True)
class Bin:
    """One bin of a reliability diagram: tracks told with about the same probability."""

    tracks: int
    told: float
    right: float


def temperature_for(probabilities: NDArray[np.float64], genres: NDArray[np.int_]) -> float:
    """Find the temperature with the smallest log loss.

    Args:
        probabilities: shape (n, 10).
        genres: the truth, places in ``GENRES``, shape (n,).

    """

    def loss(temperature: float) -> float:
        told = temperature_scale(probabilities, temperature)[np.arange(len(genres)), genres]
        return float(-np.log(np.maximum(told, _FLOOR)).mean())

    found = minimize_scalar(loss, bounds=_TEMPERATURES, method="bounded")
    return float(found.x)


def threshold_for(
    probabilities: NDArray[np.float64], genres: NDArray[np.int_], wanted: float = RIGHT_WHEN_SURE
) -> float:
    """Find the smallest winning probability from which on the wanted share is right.

    Args:
        probabilities: calibrated, shape (n, 10).
        genres: the truth, places in ``GENRES``, shape (n,).
        wanted: share of right verdicts among those told without doubt.

    """
    told, right = _told(probabilities, genres)
    order = np.argsort(-told)
    share = right[order].cumsum() / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(share >= wanted)
    return float(told[order][enough[-1]]) if len(enough) else 1.0


def calibrated(folds: Folds) -> NDArray[np.float64]:
    """Calibrate each fold by the others; shape (repeats, n, 10)."""
    honest = np.empty_like(folds.probabilities)
    for repeat, (table, fold) in enumerate(zip(folds.probabilities, folds.fold, strict=True)):
        for number in range(FOLDS):
            held = fold == number
            temperature = temperature_for(table[~held], folds.genres[~held])
            honest[repeat, held] = temperature_scale(table[held], temperature)
    return honest


def answered(folds: Folds, honest: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which tracks would be told without doubt, shape (repeats, n).

    The threshold for each fold is found on the others.
    """
    sure = np.empty(folds.fold.shape, bool)
    for repeat, (table, fold) in enumerate(zip(honest, folds.fold, strict=True)):
        for number in range(FOLDS):
            held = fold == number
            threshold = threshold_for(table[~held], folds.genres[~held])
            sure[repeat, held] = table[held].max(axis=1) >= threshold
    return sure


def reliability(probabilities: NDArray[np.float64], genres: NDArray[np.int_]) -> list[Bin]:
    """Hold what is told against what is right; empty bins are left out.

    Args:
        probabilities: shape (n, 10).
        genres: the truth, places in ``GENRES``, shape (n,).

    """
    told, right = _told(probabilities, genres)
    places = np.minimum((told * BINS).astype(int), BINS - 1)
    kept = [np.flatnonzero(places == place) for place in range(BINS)]
    return [
        Bin(len(own), float(told[own].mean()), float(right[own].mean())) for own in kept if len(own)
    ]


def expected_error(bins: list[Bin]) -> float:
    """Return the expected calibration error (Naeini et al., 2015): the mean gap, by tracks."""
    total = sum(own.tracks for own in bins)
    return sum(own.tracks * abs(own.told - own.right) for own in bins) / total


def _told(
    probabilities: NDArray[np.float64], genres: NDArray[np.int_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == genres
