"""From scores to honest probabilities, and to what is told as unsure."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.domain.genres import GENRES
from shared.music.model.calibration import temperature_scale
from training.evaluation.cross_validation import FOLDS, Folds
from training.fitting.calibration import (
    BINS,
    answered,
    calibrated,
    expected_error,
    reliability,
    temperature_for,
    threshold_for,
)

Table = NDArray[np.float64]
N = len(GENRES)


def honest(tracks: int, spread: float = 0.2) -> tuple[Table, NDArray[np.int_]]:
    """Probabilities that are what they say: genres are drawn by them."""
    rng = np.random.default_rng(0)
    table = rng.dirichlet(np.full(N, spread), tracks)
    return table, np.array([rng.choice(N, p=row) for row in table])


def folds_of(table: Table, genres: NDArray[np.int_]) -> Folds:
    """Two repeats of five folds, drawn apart; each track an artist of its own."""
    tracks = np.arange(len(genres))
    fold = np.stack((tracks % FOLDS, tracks // 2 % FOLDS))
    return Folds(genres, tracks, np.stack((table, table)), fold)


def row_of(told: float) -> list[float]:
    """A row in which the first genre wins with this probability."""
    return [told, *[(1 - told) / (N - 1)] * (N - 1)]


@pytest.mark.parametrize("temperature", [0.5, 0.8, 1.0, 1.6])
def test_the_temperature_is_found(temperature: float) -> None:
    """Honest odds, divided by some temperature, want to be multiplied by it."""
    table, genres = honest(4000)
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


def test_honest_probabilities_have_no_error() -> None:
    """What is told is right as often as it says, up to chance."""
    bins = reliability(*honest(20_000))
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


def test_calibration_makes_overconfidence_honest() -> None:
    """On other folds than it was found on."""
    table, genres = honest(3000)
    sharp = folds_of(temperature_scale(table, 0.5), genres)
    plain, corrected = (
        expected_error(reliability(told, genres))
        for told in (sharp.probabilities[0], calibrated(sharp)[0])
    )
    assert plain > 0.08
    assert corrected < 0.03


def test_calibration_does_not_look_at_its_own_fold() -> None:
    """Other genres in a fold leave its probabilities alone and move those of the others."""
    table, genres = honest(500)
    folds = folds_of(table, genres)
    own = folds.fold[0] == 2
    lied = replace(folds, genres=np.where(own, (genres + 1) % N, genres))
    before, after = calibrated(folds)[0], calibrated(lied)[0]
    np.testing.assert_array_equal(after[own], before[own])
    assert not np.allclose(after[~own], before[~own])
    np.testing.assert_allclose(after.sum(axis=1), 1)


def test_thresholds_do_not_look_at_their_own_fold() -> None:
    """A fold in which everything is wrong is told as surely as ever; the others are not."""
    table, genres = honest(500)
    folds = folds_of(table, genres)
    own = folds.fold[0] == 2
    lied = replace(folds, genres=np.where(own, (table.argmax(axis=1) + 1) % N, genres))
    before, after = answered(folds, folds.probabilities)[0], answered(lied, folds.probabilities)[0]
    np.testing.assert_array_equal(after[own], before[own])
    assert after[~own].sum() < before[~own].sum()


def test_what_is_sure_is_right_as_often_as_is_aimed_at() -> None:
    """Thresholds found elsewhere hold here, up to chance."""
    table, genres = honest(5000, 0.05)
    folds = folds_of(table, genres)
    sure = answered(folds, folds.probabilities)
    assert sure.shape == (2, 5000)
    assert 0.3 < sure.mean() < 0.9
    right = (table.argmax(axis=1) == genres)[sure[0]].mean()
    assert right == pytest.approx(0.92, abs=0.02)
