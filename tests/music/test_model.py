"""The model and its sidecar: what is refused, and what the committed one says."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from catboost import CatBoostClassifier, Pool

from shared.errors import ModelError
from shared.genres import GENRES
from shared.music.features import FEATURE_NAMES, RECIPE_VERSION
from shared.music.model import GenreModel, committed

MOST_BYTES = 10 * 2**20
GOLDEN_GENRES = [1, 4, 4]
GOLDEN_CONFIDENCE = [0.86241652, 0.3405691, 0.75054948]


def content_of(
    folder: Path, names: tuple[str, ...] = FEATURE_NAMES, classes: tuple[str, ...] = GENRES
) -> bytes:
    """Fit a model of three small trees to noise and return its file."""
    rng = np.random.default_rng(0)
    labels = np.array(classes * 12, dtype=object)
    pool = Pool(rng.normal(size=(len(labels), len(names))), labels, feature_names=list(names))
    classifier = CatBoostClassifier(
        iterations=3,
        depth=2,
        thread_count=1,
        loss_function="MultiClass",
        class_names=list(classes),
        allow_writing_files=False,
        logging_level="Silent",
    )
    classifier.fit(pool)
    path = folder / "fitted.cbm"
    classifier.save_model(str(path))
    return path.read_bytes()


def write_pair(folder: Path, content: bytes, **changes: object) -> Path:
    """Write a model file and a sidecar that fits it but for the changes."""
    path = folder / "small.cbm"
    path.write_bytes(content)
    training = json.loads(committed().with_suffix(".json").read_text())["training"]
    sidecar = {
        "schema_version": 1,
        "name": "small",
        "features": FEATURE_NAMES,
        "recipe_version": RECIPE_VERSION,
        "classes": GENRES,
        "training": training,
        "scores": [],
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_bytes": len(content),
    }
    path.with_suffix(".json").write_text(json.dumps({**sidecar, **changes}))
    return path


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the file of a small model."""
    return content_of(tmp_path_factory.mktemp("model"))


def test_loads_what_fits(tmp_path: Path, content: bytes) -> None:
    """A matching pair loads, and predicts rows of probabilities."""
    model = GenreModel.load(write_pair(tmp_path, content))
    assert model.name == model.info.name == "small"
    probabilities = model.predict(np.zeros((4, 57)))
    assert probabilities.shape == (4, 10)
    assert probabilities.dtype == np.float64
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_columns_follow_the_genres(tmp_path: Path) -> None:
    """A model with its classes in another order answers in ours."""
    backwards = GENRES[::-1]
    path = write_pair(tmp_path, content_of(tmp_path, classes=backwards), classes=backwards)
    rows = np.random.default_rng(1).normal(size=(5, 57))
    own = CatBoostClassifier()
    own.load_model(str(path))
    expected = own.predict_proba(rows, thread_count=1)[:, ::-1]
    np.testing.assert_array_equal(GenreModel.load(path).predict(rows), expected)
    assert np.ptp(expected, axis=1).min() > 0.001, "else any order would pass"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema_version": 2}, "schema_version"),
        ({"name": ""}, "name"),
        ({"surprise": 1}, "surprise"),
        ({"recipe_version": "gtzan-57/0"}, "recipe"),
        ({"features": FEATURE_NAMES[::-1]}, "other features"),
        ({"features": FEATURE_NAMES[:-1]}, "other features"),
        ({"classes": GENRES[:-1]}, "knows the classes"),
        ({"classes": (*GENRES[:-1], "blues")}, "knows the classes"),
        ({"classes": GENRES[::-1]}, "other classes than its sidecar"),
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
    "names", [FEATURE_NAMES[:56], (*FEATURE_NAMES[1:], FEATURE_NAMES[0])], ids=["few", "order"]
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


@pytest.mark.parametrize("shape", [(57,), (0, 57), (3, 56), (3, 58), (1, 3, 57)])
def test_refuses_features_of_another_shape(shape: tuple[int, ...]) -> None:
    """Anything but a table of 57 columns and a row at least is refused."""
    with pytest.raises(ValueError, match="features are"):
        GenreModel.load().predict(np.zeros(shape))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_refuses_features_that_are_not_finite(value: float) -> None:
    """The feature that is wrong is named."""
    rows = np.zeros((3, 57))
    rows[1, FEATURE_NAMES.index("tempo")] = value
    with pytest.raises(ValueError, match=r"not finite: tempo$"):
        GenreModel.load().predict(rows)


def test_committed_model_is_complete() -> None:
    """The model of the package is small and says how it was made and how good it is."""
    info = GenreModel.load().info
    assert committed().stat().st_size == info.size_bytes <= MOST_BYTES
    assert info.training.tracks == sum(c.tracks for c in info.training.by_genre.values())
    assert info.training.chunks == sum(c.chunks for c in info.training.by_genre.values())
    assert sorted(info.training.by_genre) == sorted(GENRES)
    assert [s.level for s in info.scores] == ["chunk", "track_majority", "track_mean"]
    assert {s.split for s in info.scores} == {"valid_filtered"}
    assert all(0.3 < s.accuracy < 0.7 and 0.3 < s.macro_f1 < 0.7 for s in info.scores)


def test_committed_model_predicts_as_when_it_was_committed() -> None:
    """Known rows get the known answer; a model trained anew brings new numbers here."""
    step = np.linspace(0.1, 1.0, 57)
    rows = np.stack((np.zeros(57), step * 100, np.full(57, 1e6)))
    probabilities = GenreModel.load().predict(rows)
    assert probabilities.argmax(axis=1).tolist() == GOLDEN_GENRES
    np.testing.assert_allclose(probabilities.max(axis=1), GOLDEN_CONFIDENCE, atol=1e-6)


def test_threads_change_nothing() -> None:
    """More threads give the same answer."""
    rows = np.random.default_rng(2).normal(0, 50, size=(40, 57))
    one, two = (GenreModel.load(thread_count=n).predict(rows) for n in (1, 2))
    np.testing.assert_array_equal(one, two)
