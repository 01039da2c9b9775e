"""Intermediate results."""

from pathlib import Path

import numpy as np
import pytest

from training.data.gtzan import Dataset
from training.study.cache import Cache, fingerprint
from training.study.classifiers.models import Recipe
from training.study.classifiers.prediction_cache import PredictionCache
from training.study.classifiers.soft_voting import SoftVote


def _fail() -> dict[str, object]:
    raise AssertionError("computed although it was kept")


def test_a_result_is_computed_once(tmp_path: Path) -> None:
    """The same name and inputs recall it, in another process too; other inputs do not."""
    cache = Cache(tmp_path / "kept")
    assert cache.record("a", {"x": 1}, lambda: {"f1": 0.5}) == {"f1": 0.5}
    assert Cache(tmp_path / "kept").record("a", {"x": 1}, _fail) == {"f1": 0.5}
    assert cache.record("a", {"x": 2}, lambda: {"f1": 0.7}) == {"f1": 0.7}
    assert cache.record("b", {"x": 1}, lambda: {"f1": 0.9}) == {"f1": 0.9}


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    """What failed is computed again the next time."""
    cache = Cache(tmp_path)
    with pytest.raises(AssertionError):
        cache.arrays("p", {}, _fail)  # type: ignore[arg-type]
    assert cache.arrays("p", {}, lambda: {"p": np.eye(2)})["p"].tolist() == [[1, 0], [0, 1]]


def test_a_data_set_is_known_by_its_numbers_and_their_order(dataset: Dataset) -> None:
    """Another value, label or order is another data set."""
    changed = dataset.features.copy()
    changed[3, 3] += 1e-9
    turned = Dataset(dataset.features[::-1], dataset.tracks[::-1], dataset.labels[::-1])
    names = {
        fingerprint(dataset),
        fingerprint(Dataset(changed, dataset.tracks, dataset.labels)),
        fingerprint(turned),
    }
    assert len(names) == 3


def test_predictions_are_kept_and_blended(tmp_path: Path, dataset: Dataset) -> None:
    """A vote is the weighted mean of its members, none of which is fitted twice."""
    predictions = PredictionCache(Cache(tmp_path), threads=1)
    near, line = Recipe("KNeighborsClassifier"), Recipe("LogisticRegression")
    singles = [predictions.predict(recipe, dataset, dataset)[0] for recipe in (near, line)]
    files = sorted(tmp_path.iterdir())
    blended, _ = predictions.predict(SoftVote(((near, 0.25), (line, 0.75))), dataset, dataset)
    assert blended == pytest.approx(0.25 * singles[0] + 0.75 * singles[1])
    assert sorted(tmp_path.iterdir()) == files
