"""The model that comes with the package: its size, its figures, and known predictions.

After training a new model, replace the two constants below by the output of
``python -m tests.shared.music.model.test_committed``.
"""

import sys
from pathlib import Path

import numpy as np
import pytest
from catboost import CatBoostClassifier

from shared.domain.genres import GENRES
from shared.music.constants import N_TAGS
from shared.music.features.table import FEATURE_NAMES
from shared.music.model.classifier import GenreModel, committed

MOST_BYTES = 15 * 2**20
GOLDEN_GENRES = ["classical", "reggae", "classical"]
GOLDEN_CONFIDENCE = [0.65404, 0.437448, 0.917567]
"""Results of ``predictions``."""


def predictions() -> tuple[list[str], list[float]]:
    """Return genre and confidence of three made-up tracks."""
    model = GenreModel.load()
    genres, confidence = [], []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        features = np.exp(rng.uniform(-2, 2, (12, len(FEATURE_NAMES))))
        tags = rng.uniform(0, 1, N_TAGS) ** 4 * rng.uniform(0.5, 1, (12, N_TAGS))
        track = model.predict_track(features, tags).track
        genres.append(GENRES[int(track.argmax())])
        confidence.append(round(float(track.max()), 6))
    return genres, confidence


def test_predicts_what_it_predicted_when_committed() -> None:
    """The model file was read correctly."""
    genres, confidence = predictions()
    assert genres == GOLDEN_GENRES
    assert confidence == pytest.approx(GOLDEN_CONFIDENCE, abs=1e-5)


def test_all_models_together_are_small() -> None:
    """They are part of the package."""
    files = [path for path in committed().parent.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".cbm", ".onnx", ".json", ".md"}
    assert sum(path.stat().st_size for path in files) <= MOST_BYTES


def test_says_how_it_was_made() -> None:
    """Counts add up, and every genre was trained on."""
    metadata = GenreModel.load().metadata
    assert committed().stat().st_size == metadata.size_bytes
    training = metadata.training
    assert training.tracks == sum(count.tracks for count in training.by_genre.values())
    assert training.chunks == sum(count.chunks for count in training.by_genre.values())
    assert list(training.by_genre) == list(metadata.genres) == list(GENRES)
    assert all(count.tracks >= 40 for count in training.by_genre.values())
    assert "other tracks of test_filtered, by other artists, were used for nothing" in (
        training.protocol
    )
    own = CatBoostClassifier()
    own.load_model(str(committed()))
    made = training.parameters
    assert own.tree_count_ == int(made["iterations"]) * int(made["members"])


def test_is_as_good_as_is_promised() -> None:
    """Accuracy and macro F1 on new artists' tracks, and their intervals."""
    metadata = GenreModel.load().metadata
    [score] = metadata.scores
    assert score.level == "track"
    assert (score.n_tracks, score.n_chunks) == (metadata.training.tracks, metadata.training.chunks)
    assert 0.78 <= score.accuracy < 0.95
    assert 0.76 <= score.macro_f1 < 0.95
    for value, interval in (
        (score.accuracy, score.accuracy_interval),
        (score.macro_f1, score.macro_f1_interval),
    ):
        assert interval
        assert interval[0] < value < interval[1] < interval[0] + 0.2


def test_genres_add_up_to_the_score() -> None:
    """Accuracy is the genres' recall, weighted by their tracks."""
    metadata = GenreModel.load().metadata
    tracks = [own.tracks for own in metadata.genres.values()]
    assert sum(tracks) == metadata.scores[0].n_tracks
    recall = [own.recall for own in metadata.genres.values()]
    assert np.average(recall, weights=tracks) == pytest.approx(metadata.scores[0].accuracy)
    assert min(recall) > 0.3


def test_is_calibrated() -> None:
    """Expected calibration error, share of sure verdicts, and share of right ones among them."""
    known = GenreModel.load().metadata.calibration
    assert known.expected_error <= 0.05
    assert known.answered >= 0.7
    assert known.right >= 0.9
    assert 0.5 < known.temperature < 2
    assert 0.5 < known.sure_from < 1
    assert known.music_from <= known.doubt_from


def test_is_part_of_the_package() -> None:
    """The model file and its metadata."""
    assert committed().name == "genrebot.cbm"
    assert isinstance(committed(), Path)
    assert committed().with_suffix(".json").is_file()


if __name__ == "__main__":
    renewed = dict(zip(("GOLDEN_GENRES", "GOLDEN_CONFIDENCE"), predictions(), strict=True))
    sys.stdout.writelines(f"{name} = {value}\n" for name, value in renewed.items())
