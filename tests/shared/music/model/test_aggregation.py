"""Aggregating a window into one row."""

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.music.features.gain_invariance import GAIN_FREE_NAMES, gain_free
from shared.music.features.table import FEATURE_NAMES
from shared.music.model.aggregation import (
    AGGREGATE_NAMES,
    N_TAG_COLUMNS,
    aggregate,
    aggregate_features,
    log_odds,
)
from shared.music.tagging.tagger import TAG_NAMES


def _window(chunks: int = 10, tagged: int = 28) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    rng = np.random.default_rng(7)
    features = np.exp(rng.normal(0, 1, (chunks, len(FEATURE_NAMES))))
    return features, rng.uniform(0.01, 0.9, (tagged, len(TAG_NAMES))).astype(np.float32)


def test_columns_are_named_once() -> None:
    """There are 362 columns; the first 250 are about tags."""
    assert len(set(AGGREGATE_NAMES)) == len(AGGREGATE_NAMES) == 362
    assert N_TAG_COLUMNS == 250
    about_tags = [name.startswith("tag:") for name in AGGREGATE_NAMES]
    assert about_tags == [True] * 250 + [False] * 112


def test_statistics_stand_under_their_names() -> None:
    """Every column equals the statistic that its name says."""
    features, tags = _window()
    row = dict(zip(AGGREGATE_NAMES, aggregate(features, tags), strict=True))
    for place, tag in enumerate(TAG_NAMES):
        p = tags[:, place].astype(float)
        odds = np.log(p / (1 - p))
        expected = {
            "mean": odds.mean(),
            "std": odds.std(),
            "root_mean": np.sqrt(p).mean(),
            "q10": np.quantile(odds, 0.1),
            "q90": np.quantile(odds, 0.9),
        }
        told = {statistic: row[f"tag:{tag}:{statistic}"] for statistic in expected}
        assert told == pytest.approx(expected)
    free = gain_free(features)
    for place, name in enumerate(GAIN_FREE_NAMES):
        assert row[f"{name}:mean"] == pytest.approx(free[:, place].mean())
        assert row[f"{name}:std"] == pytest.approx(free[:, place].std())


def test_the_order_of_chunks_does_not_matter() -> None:
    """A window in reverse order has the same row."""
    features, tags = _window()
    np.testing.assert_allclose(aggregate(features[::-1], tags[::-1]), aggregate(features, tags))


def test_a_window_of_one_chunk() -> None:
    """Deviations are 0, and quantiles equal the mean."""
    row = dict(zip(AGGREGATE_NAMES, aggregate(*_window(1, 1)), strict=True))
    assert {row[name] for name in AGGREGATE_NAMES if name.endswith(":std")} == {0.0}
    assert row["tag:jazz:q10"] == row["tag:jazz:q90"] == row["tag:jazz:mean"]


def test_columns_of_features_alone() -> None:
    """They equal the last columns of the whole row."""
    features, tags = _window()
    np.testing.assert_array_equal(
        aggregate_features(features), aggregate(features, tags)[N_TAG_COLUMNS:]
    )


def test_log_odds_are_limited() -> None:
    """Likelihoods of 0 and 1 are accepted, also in single precision."""
    odds = log_odds(np.array([[0, 1e-30, 0.5, 1]], np.float32))[0]
    assert odds == pytest.approx([-13.8155, -13.8155, 0, 13.8155], abs=1e-3)
    assert log_odds(np.array([0.0, 1.0]), floor=0.25) == pytest.approx([-np.log(3), np.log(3)])


@pytest.mark.parametrize(
    ("features", "tags"),
    [
        ((0, 57), (3, 50)),
        ((3, 57), (0, 50)),
        ((3, 57), (3, 49)),
        ((3, 57), (50,)),
        ((3, 56), (3, 50)),
        ((57,), (3, 50)),
    ],
)
def test_other_shapes_are_refused(features: tuple[int, ...], tags: tuple[int, ...]) -> None:
    """No chunks, no tags, or tables of another width."""
    with pytest.raises(ValueError, match="features"):
        aggregate(np.ones(features), np.full(tags, 0.5))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_columns_that_are_not_finite_are_named(value: float) -> None:
    """Only those columns are named."""
    features, tags = _window()
    features[1, FEATURE_NAMES.index("tempo")] = value
    # NumPy warns about the deviation of an infinity.
    with (
        np.errstate(invalid="ignore"),
        pytest.raises(ValueError, match=r"not finite: tempo:mean, tempo:std$"),
    ):
        aggregate(features, tags)


def test_rows_of_nan_are_refused() -> None:
    """The caller has to leave out chunks without tags."""
    features, tags = _window()
    tags[3] = np.nan
    with pytest.raises(ValueError, match="not finite: tag:rock:mean"):
        aggregate(features, tags)
