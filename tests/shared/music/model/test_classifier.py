"""The model and its sidecar: what is loaded, what is refused, and what it predicts."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from catboost import CatBoostClassifier

from shared.domain.genres import GENRES
from shared.errors import ModelError
from shared.music.model.aggregation import AGGREGATE_NAMES
from shared.music.model.classifier import GenreModel, temperature_scale
from tests.shared.music.small import TEMPERATURE, calibration_of, content_of, gate_of, write_pair

WIDTH = len(AGGREGATE_NAMES)


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the file of a small model."""
    return content_of(tmp_path_factory.mktemp("model"))


def test_loads_what_fits(tmp_path: Path, content: bytes) -> None:
    """A matching pair loads, and predicts rows of probabilities."""
    model = GenreModel.load(write_pair(tmp_path, content))
    assert model.name == model.info.name == "small"
    probabilities = model.predict(np.zeros((4, WIDTH)))
    assert probabilities.shape == (4, 10)
    assert probabilities.dtype == np.float64
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_columns_follow_the_genres(tmp_path: Path) -> None:
    """A model with its classes in another order answers in ours, at its temperature."""
    backwards = GENRES[::-1]
    path = write_pair(tmp_path, content_of(tmp_path, classes=backwards), classes=backwards)
    rows = np.random.default_rng(1).normal(size=(5, WIDTH))
    own = CatBoostClassifier()
    own.load_model(str(path))
    powers = own.predict_proba(rows, thread_count=1)[:, ::-1] ** (1 / TEMPERATURE)
    expected = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(GenreModel.load(path).predict(rows), expected)
    assert np.ptp(expected, axis=1).min() > 0.001, "else any order would pass"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema_version": 1}, "schema_version"),
        ({"name": ""}, "name"),
        ({"surprise": 1}, "surprise"),
        ({"recipe_version": "gtzan-57/1"}, "recipe"),
        ({"features": AGGREGATE_NAMES[::-1]}, "other features"),
        ({"features": AGGREGATE_NAMES[:-1]}, "other features"),
        ({"classes": GENRES[:-1]}, "knows the classes"),
        ({"classes": (*GENRES[:-1], "blues")}, "knows the classes"),
        ({"classes": GENRES[::-1]}, "other classes than its sidecar"),
        ({"calibration": calibration_of(temperature=0)}, "temperature"),
        ({"calibration": calibration_of(sure_from=1.1)}, "sure_from"),
        ({"calibration": None}, "calibration"),
        ({"gate": gate_of(bias=(0.0,))}, "gate"),
        ({"gate": {**gate_of(), "columns": ["loudness"]}}, "loudness"),
        ({"sha256": "0" * 64}, "checksum"),
        ({"size_bytes": 1}, "checksum"),
    ],
)
def test_refuses_a_sidecar_that_does_not_fit(
    tmp_path: Path, content: bytes, changes: dict[str, Any], words: str
) -> None:
    """Each way in which a sidecar can disagree is refused in words of its own."""
    with pytest.raises(ModelError, match=words):
        GenreModel.load(write_pair(tmp_path, content, **changes))


@pytest.mark.parametrize("field", ["calibration", "gate", "genres", "scores"])
def test_refuses_a_sidecar_that_lacks_something(tmp_path: Path, content: bytes, field: str) -> None:
    """Nothing that a verdict needs has a default."""
    path = write_pair(tmp_path, content)
    sidecar = path.with_suffix(".json")
    fields = json.loads(sidecar.read_text())
    del fields[field]
    sidecar.write_text(json.dumps(fields))
    with pytest.raises(ModelError, match=rf"{field}: Field required.*train the model again"):
        GenreModel.load(path)


@pytest.mark.parametrize(
    "spoil", [lambda _: b"", lambda c: c[: len(c) // 2], lambda _: b"not a model"]
)
def test_refuses_a_corrupt_model(
    tmp_path: Path, content: bytes, spoil: Callable[[bytes], bytes]
) -> None:
    """A file that is no model is refused even when its checksum is right."""
    with pytest.raises(ModelError, match="corrupt"):
        GenreModel.load(write_pair(tmp_path, spoil(content)))


@pytest.mark.parametrize(
    "names",
    [AGGREGATE_NAMES[:-1], (*AGGREGATE_NAMES[1:], AGGREGATE_NAMES[0])],
    ids=["few", "order"],
)
def test_refuses_a_model_of_other_features(tmp_path: Path, names: tuple[str, ...]) -> None:
    """A sidecar cannot pass off a model with fewer features, or in another order."""
    with pytest.raises(ModelError, match="features"):
        GenreModel.load(write_pair(tmp_path, content_of(tmp_path, names=names)))


def test_refuses_half_a_pair(tmp_path: Path, content: bytes) -> None:
    """A model without its sidecar and a sidecar without its model say what is missing."""
    path = write_pair(tmp_path, content)
    path.unlink()
    with pytest.raises(ModelError, match=r"small\.cbm cannot be read"):
        GenreModel.load(path)
    path = write_pair(tmp_path, content)
    path.with_suffix(".json").unlink()
    with pytest.raises(ModelError, match=r"sidecar .* cannot be read"):
        GenreModel.load(path)


def test_refuses_a_sidecar_that_is_no_json(tmp_path: Path, content: bytes) -> None:
    """A sidecar cut short is refused, not half believed."""
    path = write_pair(tmp_path, content)
    sidecar = path.with_suffix(".json")
    sidecar.write_text(sidecar.read_text()[:100])
    with pytest.raises(ModelError, match="not one that this release understands"):
        GenreModel.load(path)


@pytest.mark.parametrize("shape", [(WIDTH,), (0, WIDTH), (3, WIDTH - 1), (3, 57), (1, 3, WIDTH)])
def test_refuses_rows_of_another_shape(shape: tuple[int, ...]) -> None:
    """Anything but a table of 362 columns and a row at least is refused."""
    with pytest.raises(ValueError, match="stretches are"):
        GenreModel.load().predict(np.zeros(shape))


def test_threads_change_nothing() -> None:
    """More threads give the same answer."""
    rows = np.random.default_rng(2).normal(0, 5, size=(40, WIDTH))
    one, two = (GenreModel.load(thread_count=n).predict(rows) for n in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_temperature_scales_odds() -> None:
    """Log odds between two classes are divided by it; 1 changes nothing; the order stays."""
    table = np.random.default_rng(3).dirichlet(np.ones(10), 6)
    np.testing.assert_allclose(temperature_scale(table, 1.0), table)
    for temperature in (0.5, 2.0):
        scaled = temperature_scale(table, temperature)
        np.testing.assert_allclose(scaled.sum(axis=1), 1)
        odds, plain = np.log(scaled[:, 0] / scaled[:, 1]), np.log(table[:, 0] / table[:, 1])
        np.testing.assert_allclose(odds, plain / temperature)
        np.testing.assert_array_equal(scaled.argsort(axis=1), table.argsort(axis=1))


def test_certainty_survives_temperature() -> None:
    """A probability of zero has a logarithm too."""
    [row] = temperature_scale(np.array([[1.0, 0.0, 0.0]]), 0.5)
    assert row == pytest.approx([1, 0, 0])
