"""From scores to calibrated probabilities."""

import numpy as np
import pytest

from shared.music.model.calibration import softmax, temperature_scale
from shared.music.model.model_metadata import Calibration
from tests.shared.music.small import calibration_of


def test_temperature_scaling() -> None:
    """Log odds are divided by the temperature; 1 changes nothing; the order stays."""
    table = np.random.default_rng(3).dirichlet(np.ones(10), 6)
    np.testing.assert_allclose(temperature_scale(table, 1.0), table)
    for temperature in (0.5, 2.0):
        scaled = temperature_scale(table, temperature)
        np.testing.assert_allclose(scaled.sum(axis=1), 1)
        odds, plain = np.log(scaled[:, 0] / scaled[:, 1]), np.log(table[:, 0] / table[:, 1])
        np.testing.assert_allclose(odds, plain / temperature)
        np.testing.assert_array_equal(scaled.argsort(axis=1), table.argsort(axis=1))


def test_temperature_scaling_of_certainty() -> None:
    """Probabilities of 0 are accepted."""
    [row] = temperature_scale(np.array([[1.0, 0.0, 0.0]]), 0.5)
    assert row == pytest.approx([1, 0, 0])


def test_softmax_takes_a_temperature_for_each_row() -> None:
    """Each row has the probabilities that it would have alone."""
    scores = np.random.default_rng(4).normal(0, 3, (3, 10))
    temperatures = np.array([0.5, 1.0, 2.0])
    together = softmax(scores, temperatures)
    for row, temperature, expected in zip(scores, temperatures, together, strict=True):
        np.testing.assert_allclose(softmax(row[None], float(temperature))[0], expected)


def test_softmax_of_large_scores() -> None:
    """They do not overflow."""
    assert softmax(np.array([[1e4, 0.0]])).tolist() == [[1.0, 0.0]]


def test_short_tracks_have_a_higher_temperature() -> None:
    """It falls with the number of chunks, and below a chunk it rises further."""
    calibration = Calibration(**calibration_of(temperature=1.4, extra_temperature=0.4))
    lengths = np.array([1 / 3, 1, 2, 10, 1000])
    found = calibration.temperature_of(lengths)
    np.testing.assert_allclose(found, [2.6, 1.8, 1.6, 1.44, 1.4004])
