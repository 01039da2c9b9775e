"""The row that describes a stretch of music."""

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


def _stretch(
    chunks: int = 10, moments: int = 28
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    rng = np.random.default_rng(7)
    features = np.exp(rng.normal(0, 1, (chunks, len(FEATURE_NAMES))))
    return features, rng.uniform(0.01, 0.9, (moments, len(TAG_NAMES))).astype(np.float32)


def test_columns_are_named_once() -> None:
    """362 names, of which the first 250 are about tags."""
    assert len(set(AGGREGATE_NAMES)) == len(AGGREGATE_NAMES) == 362
    assert N_TAG_COLUMNS == 250
    about_tags = [name.startswith("tag:") for name in AGGREGATE_NAMES]
    assert about_tags == [True] * 250 + [False] * 112


def test_statistics_stand_under_their_names() -> None:
    """Each tag's and each feature's column is worked out by itself."""
    features, tags = _stretch()
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


def test_order_does_not_count() -> None:
    """A stretch played backwards is the same stretch."""
    features, tags = _stretch()
    np.testing.assert_allclose(aggregate(features[::-1], tags[::-1]), aggregate(features, tags))


def test_one_chunk_varies_in_nothing() -> None:
    """Spreads are zero, and both ends are the middle."""
    row = dict(zip(AGGREGATE_NAMES, aggregate(*_stretch(1, 1)), strict=True))
    assert {row[name] for name in AGGREGATE_NAMES if name.endswith(":std")} == {0.0}
    assert row["tag:jazz:q10"] == row["tag:jazz:q90"] == row["tag:jazz:mean"]


def test_features_alone_are_the_last_columns() -> None:
    """As a model without tags sees them."""
    features, tags = _stretch()
    np.testing.assert_array_equal(
        aggregate_features(features), aggregate(features, tags)[N_TAG_COLUMNS:]
    )


def test_odds_are_bounded() -> None:
    """Likelihoods of 0 and 1 are taken, in single precision too; a half is even."""
    odds = log_odds(np.array([[0, 1e-30, 0.5, 1]], np.float32))[0]
    assert odds == pytest.approx([-13.8155, -13.8155, 0, 13.8155], abs=1e-3)


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
    """No chunk, no moment, or tables of another width."""
    with pytest.raises(ValueError, match="features"):
        aggregate(np.ones(features), np.full(tags, 0.5))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_named(value: float) -> None:
    """The columns that are wrong, and only those."""
    features, tags = _stretch()
    features[1, FEATURE_NAMES.index("tempo")] = value
    # An infinity has no spread, which NumPy says in its own way too.
    with (
        np.errstate(invalid="ignore"),
        pytest.raises(ValueError, match=r"not finite: tempo:mean, tempo:std$"),
    ):
        aggregate(features, tags)


def test_tags_that_were_not_computed_are_refused() -> None:
    """A row of NaN has to be left out by whoever describes."""
    features, tags = _stretch()
    tags[3] = np.nan
    with pytest.raises(ValueError, match="not finite: tag:rock:mean"):
        aggregate(features, tags)
