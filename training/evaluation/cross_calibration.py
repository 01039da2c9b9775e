"""Calibration of held-out predictions, each fold by the other folds."""

import numpy as np
from numpy.typing import NDArray

from shared.music.model.calibration import temperature_scale
from training.evaluation.cross_validation import FOLDS, HeldOutPredictions
from training.fitting.calibration import temperature_for, threshold_for


def cross_calibrate(predictions: HeldOutPredictions) -> NDArray[np.float64]:
    """Scale each fold by the temperature found on the others; shape (repeats, n, 10)."""
    calibrated = np.empty_like(predictions.probabilities)
    for repeat, fold in enumerate(predictions.fold):
        probabilities = predictions.probabilities[repeat]
        for number in range(FOLDS):
            held = fold == number
            temperature = temperature_for(probabilities[~held], predictions.genres[~held])
            calibrated[repeat, held] = temperature_scale(probabilities[held], temperature)
    return calibrated


def cross_threshold(
    predictions: HeldOutPredictions, calibrated: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return which tracks would be told without doubt, shape (repeats, n).

    The threshold for each fold is found on the others.

    Args:
        predictions: held-out predictions.
        calibrated: from ``cross_calibrate``.

    """
    sure = np.empty(predictions.fold.shape, bool)
    for repeat, (probabilities, fold) in enumerate(zip(calibrated, predictions.fold, strict=True)):
        for number in range(FOLDS):
            held = fold == number
            threshold = threshold_for(probabilities[~held], predictions.genres[~held])
            sure[repeat, held] = probabilities[held].max(axis=1) >= threshold
    return sure
