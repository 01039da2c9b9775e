"""Loading a model with its metadata, and predicting rows."""

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
from shared.music.model.classifier import GenreModel
from shared.music.model.discriminants import DiscriminantParameters, Discriminants
from tests.shared.music.small import (
    TEMPERATURE,
    calibration_of,
    content_of,
    detector_of,
    discriminants_of,
    sections_of,
    tag_statistics_of,
    write_pair,
)

WIDTH = len(AGGREGATE_NAMES)


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the file of a small model."""
    return content_of(tmp_path_factory.mktemp("model"))


def test_loads_what_fits(tmp_path: Path, content: bytes) -> None:
    """A matching pair of files loads, and predicts rows of probabilities."""
    model = GenreModel.load(write_pair(tmp_path, content))
    assert model.name == model.metadata.name == "small"
    probabilities = model.predict_rows(np.zeros((4, WIDTH)))
    assert probabilities.shape == (4, 10)
    assert probabilities.dtype == np.float64
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_columns_follow_the_genres(tmp_path: Path) -> None:
    """Columns of a model with another order of classes are put in the order of GENRES."""
    backwards = GENRES[::-1]
    path = write_pair(tmp_path, content_of(tmp_path, classes=backwards), classes=backwards)
    rows = np.random.default_rng(1).normal(size=(5, WIDTH))
    own = CatBoostClassifier()
    own.load_model(str(path))
    trees = own.predict(rows, prediction_type="RawFormulaVal", thread_count=1)[:, ::-1]
    linear = Discriminants(DiscriminantParameters(**discriminants_of())).scores(rows)
    powers = np.exp((0.75 * trees + 0.25 * linear) / TEMPERATURE)
    expected = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(GenreModel.load(path).predict_rows(rows), expected)
    assert np.ptp(expected, axis=1).min() > 0.001, "else any order would pass"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema_version": 3}, "schema_version"),
        ({"name": ""}, "name"),
        ({"surprise": 1}, "surprise"),
        ({"recipe_version": "gtzan-57/1"}, "recipe"),
        ({"features": AGGREGATE_NAMES[::-1]}, "other features"),
        ({"features": AGGREGATE_NAMES[:-1]}, "other features"),
        ({"classes": GENRES[:-1]}, "has the classes"),
        ({"classes": (*GENRES[:-1], "blues")}, "has the classes"),
        ({"classes": GENRES[::-1]}, "other classes than its metadata"),
        ({"calibration": calibration_of(temperature=0)}, "temperature"),
        ({"calibration": calibration_of(sure_from=1.1)}, "sure_from"),
        ({"calibration": None}, "calibration"),
        ({"music_detector": detector_of(bias=(0.0,))}, "music_detector"),
        ({"music_detector": {**detector_of(), "columns": ["loudness"]}}, "loudness"),
        ({"discriminants": discriminants_of(share=1.5)}, "share"),
        ({"discriminants": discriminants_of(columns=("loudness", "tempo:mean"))}, "loudness"),
        ({"discriminants": discriminants_of(bias=(0.0,))}, "each genre"),
        ({"tags": tag_statistics_of(means=(0.0,))}, "tags.means"),
        ({"tags": tag_statistics_of(deviations=(0.0,) * 50)}, "above 0"),
        ({"sections": sections_of(projection=((1.0,),))}, "projection"),
        ({"sections": sections_of(min_chunks=0)}, "min_chunks"),
        ({"column_means": (0.0,)}, "other features"),
        ({"sha256": "0" * 64}, "checksum"),
        ({"size_bytes": 1}, "checksum"),
    ],
)
def test_refuses_metadata_that_do_not_fit(
    tmp_path: Path, content: bytes, changes: dict[str, Any], words: str
) -> None:
    """Each disagreement has an error message of its own."""
    with pytest.raises(ModelError, match=words):
        GenreModel.load(write_pair(tmp_path, content, **changes))


@pytest.mark.parametrize(
    "field",
    ["calibration", "discriminants", "music_detector", "tags", "sections", "genres", "scores"],
)
def test_refuses_incomplete_metadata(tmp_path: Path, content: bytes, field: str) -> None:
    """No field that a verdict needs has a default."""
    path = write_pair(tmp_path, content)
    metadata = path.with_suffix(".json")
    fields = json.loads(metadata.read_text())
    del fields[field]
    metadata.write_text(json.dumps(fields))
    with pytest.raises(ModelError, match=rf"{field}: Field required.*train the model again"):
        GenreModel.load(path)


@pytest.mark.parametrize(
    "spoil", [lambda _: b"", lambda c: c[: len(c) // 2], lambda _: b"not a model"]
)
def test_refuses_a_corrupt_model(
    tmp_path: Path, content: bytes, spoil: Callable[[bytes], bytes]
) -> None:
    """A file that is no model is refused even if its checksum is right."""
    with pytest.raises(ModelError, match="corrupt"):
        GenreModel.load(write_pair(tmp_path, spoil(content)))


@pytest.mark.parametrize(
    "names",
    [AGGREGATE_NAMES[:-1], (*AGGREGATE_NAMES[1:], AGGREGATE_NAMES[0])],
    ids=["few", "order"],
)
def test_refuses_a_model_of_other_features(tmp_path: Path, names: tuple[str, ...]) -> None:
    """The model file's own columns have to equal those of its metadata."""
    with pytest.raises(ModelError, match="features"):
        GenreModel.load(write_pair(tmp_path, content_of(tmp_path, names=names)))


def test_refuses_half_a_pair(tmp_path: Path, content: bytes) -> None:
    """The error names the file that is missing."""
    path = write_pair(tmp_path, content)
    path.unlink()
    with pytest.raises(ModelError, match=r"small\.cbm cannot be read"):
        GenreModel.load(path)
    path = write_pair(tmp_path, content)
    path.with_suffix(".json").unlink()
    with pytest.raises(ModelError, match=r"metadata .* cannot be read"):
        GenreModel.load(path)


def test_refuses_metadata_that_are_no_json(tmp_path: Path, content: bytes) -> None:
    """A truncated file is refused."""
    path = write_pair(tmp_path, content)
    metadata = path.with_suffix(".json")
    metadata.write_text(metadata.read_text()[:100])
    with pytest.raises(ModelError, match="not what this release understands"):
        GenreModel.load(path)


@pytest.mark.parametrize("shape", [(WIDTH,), (0, WIDTH), (3, WIDTH - 1), (3, 57), (1, 3, WIDTH)])
def test_refuses_rows_of_another_shape(shape: tuple[int, ...]) -> None:
    """Only tables of 362 columns and at least one row are accepted."""
    with pytest.raises(ValueError, match="windows are"):
        GenreModel.load().predict_rows(np.zeros(shape))


def test_the_number_of_threads_does_not_matter() -> None:
    """Two threads give the same probabilities as one."""
    rows = np.random.default_rng(2).normal(0, 5, size=(40, WIDTH))
    one, two = (GenreModel.load(thread_count=n).predict_rows(rows) for n in (1, 2))
    np.testing.assert_array_equal(one, two)
