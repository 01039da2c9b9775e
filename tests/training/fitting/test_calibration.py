"""Temperature, threshold and the reliability diagram."""

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.domain.genres import GENRES
from shared.music.model.calibration import temperature_scale
from training.fitting.calibration import (
    BINS,
    expected_error,
    reliability,
    temperature_for,
    threshold_for,
)

Table = NDArray[np.float64]
N = len(GENRES)


def calibrated_sample(tracks: int, spread: float = 0.2) -> tuple[Table, NDArray[np.int_]]:
    """Calibrated probabilities: genres are drawn by them."""
    rng = np.random.default_rng(0)
    table = rng.dirichlet(np.full(N, spread), tracks)
    return table, np.array([rng.choice(N, p=row) for row in table])


def row_of(told: float) -> list[float]:
    """A row in which the first genre wins with this probability."""
    return [told, *[(1 - told) / (N - 1)] * (N - 1)]


@pytest.mark.parametrize("temperature", [0.5, 0.8, 1.0, 1.6])
def test_the_temperature_is_found(temperature: float) -> None:
    """Calibrated probabilities, scaled by 1 / temperature, need that temperature."""
    table, genres = calibrated_sample(4000)
    distorted = temperature_scale(table, 1 / temperature)
    assert temperature_for(distorted, genres) == pytest.approx(temperature, rel=0.06)


def test_the_threshold_is_the_lowest_that_will_do() -> None:
    """By hand: nine of ten are right down to 0.7, and with what is below it too few."""
    told = [0.99, 0.95, 0.9, 0.88, 0.86, 0.84, 0.82, 0.8, 0.75, 0.7, 0.6, 0.5]
    genres = np.zeros(12, int)
    genres[[3, 10, 11]] = 1
    table = np.array([row_of(probability) for probability in told])
    assert threshold_for(table, genres, 0.9) == pytest.approx(0.7)
    assert threshold_for(table, genres, 1.0) == pytest.approx(0.9)
    assert threshold_for(table, genres, 0.5) == pytest.approx(0.5)
    order = np.random.default_rng(0).permutation(12)
    assert threshold_for(table[order], genres[order], 0.9) == pytest.approx(0.7)


def test_without_enough_right_nothing_is_sure() -> None:
    """The threshold is then certainty itself."""
    table = np.array([row_of(0.9), row_of(0.8)])
    assert threshold_for(table, np.ones(2, int)) == 1.0


def test_calibrated_probabilities_have_no_error() -> None:
    """Predictions are right as often as they say, up to chance."""
    bins = reliability(*calibrated_sample(20_000))
    assert expected_error(bins) < 0.02
    assert sum(own.tracks for own in bins) == 20_000


def test_overconfidence_is_an_error() -> None:
    """Told with 0.95 and right half the time."""
    genres = np.arange(1000) % 2
    [own] = reliability(np.array([row_of(0.95)] * 1000), genres)
    assert (own.tracks, own.right) == (1000, 0.5)
    assert own.told == pytest.approx(0.95)
    assert expected_error([own]) == pytest.approx(0.45)


def test_bins_count_by_their_tracks() -> None:
    """By hand: three tracks that are off by 0.05 and one by 0.55. Certainty has a bin too."""
    table = np.array([row_of(0.95)] * 3 + [row_of(0.55)])
    bins = reliability(table, np.array([0, 0, 0, 1]))
    assert [own.tracks for own in bins] == [1, 3]
    assert expected_error(bins) == pytest.approx((3 * 0.05 + 0.55) / 4)
    [last] = reliability(np.array([row_of(1.0)]), np.array([0]))
    assert last.told == 1.0
    assert BINS == 10
