"""Calibration of held-out predictions, each fold by the others."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.music.model.calibration import temperature_scale
from tests.training.fitting.test_calibration import N, Table, calibrated_sample
from training.evaluation.cross_calibration import cross_calibrate, cross_threshold
from training.evaluation.cross_validation import FOLDS, HeldOutPredictions
from training.fitting.calibration import expected_error, reliability


def folds_of(table: Table, genres: NDArray[np.int_]) -> HeldOutPredictions:
    """Two repeats of five different folds; each track has its own artist."""
    tracks = np.arange(len(genres))
    fold = np.stack((tracks % FOLDS, tracks // 2 % FOLDS))
    return HeldOutPredictions(genres, tracks, np.stack((table, table)), fold)


def test_calibration_makes_overconfidence_calibrated_sample() -> None:
    """The temperature holds on folds that it was not found on."""
    table, genres = calibrated_sample(3000)
    sharp = folds_of(temperature_scale(table, 0.5), genres)
    plain, corrected = (
        expected_error(reliability(told, genres))
        for told in (sharp.probabilities[0], cross_calibrate(sharp)[0])
    )
    assert plain > 0.08
    assert corrected < 0.03


def test_calibration_does_not_use_its_own_fold() -> None:
    """Other genres in a fold leave its probabilities alone and move those of the others."""
    table, genres = calibrated_sample(500)
    folds = folds_of(table, genres)
    own = folds.fold[0] == 2
    changed = replace(folds, genres=np.where(own, (genres + 1) % N, genres))
    before, after = cross_calibrate(folds)[0], cross_calibrate(changed)[0]
    np.testing.assert_array_equal(after[own], before[own])
    assert not np.allclose(after[~own], before[~own])
    np.testing.assert_allclose(after.sum(axis=1), 1)


def test_thresholds_do_not_use_their_own_fold() -> None:
    """If a whole fold is wrong, the others' thresholds rise, and its own does not."""
    table, genres = calibrated_sample(500)
    folds = folds_of(table, genres)
    own = folds.fold[0] == 2
    changed = replace(folds, genres=np.where(own, (table.argmax(axis=1) + 1) % N, genres))
    before, after = (
        cross_threshold(folds, folds.probabilities)[0],
        cross_threshold(changed, folds.probabilities)[0],
    )
    np.testing.assert_array_equal(after[own], before[own])
    assert after[~own].sum() < before[~own].sum()


def test_sure_verdicts_are_right_as_often_as_aimed_at() -> None:
    """Thresholds found on other folds hold, up to chance."""
    table, genres = calibrated_sample(5000, 0.05)
    folds = folds_of(table, genres)
    sure = cross_threshold(folds, folds.probabilities)
    assert sure.shape == (2, 5000)
    assert 0.3 < sure.mean() < 0.9
    right = (table.argmax(axis=1) == genres)[sure[0]].mean()
    assert right == pytest.approx(0.92, abs=0.02)
