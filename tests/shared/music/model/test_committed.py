"""The model that comes with the package: its size, its figures, and known answers.

A model that is trained anew answers anew. ``python -m ...test_committed`` prints the
two constants that have to be replaced here.
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
GOLDEN_GENRES = ["blues", "disco", "country"]
GOLDEN_CONFIDENCE = [0.904303, 0.457273, 0.808593]
"""Outbox to ``answers``."""


def answers() -> tuple[list[str], list[float]]:
    """Judge three tracks that nobody has played: their genres, and how sure they are."""
    model = GenreModel.load()
    genres, confidence = [], []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        features = np.exp(rng.uniform(-2, 2, (12, len(FEATURE_NAMES))))
        tags = rng.uniform(0, 1, N_TAGS) ** 4 * rng.uniform(0.5, 1, (12, N_TAGS))
        told = model.judge(features, tags).track
        genres.append(GENRES[int(told.argmax())])
        confidence.append(round(float(told.max()), 6))
    return genres, confidence


def test_answers_as_when_it_was_committed() -> None:
    """Known tracks get the known answers."""
    genres, confidence = answers()
    assert genres == GOLDEN_GENRES
    assert confidence == pytest.approx(GOLDEN_CONFIDENCE, abs=1e-5)


def test_all_models_together_are_small() -> None:
    """What everybody has to download with the package."""
    files = [path for path in committed().parent.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".cbm", ".onnx", ".json", ".md"}
    assert sum(path.stat().st_size for path in files) <= MOST_BYTES


def test_says_how_it_was_made() -> None:
    """Counts add up, and every genre was learned."""
    info = GenreModel.load().info
    assert committed().stat().st_size == info.size_bytes
    training = info.training
    assert training.tracks == sum(count.tracks for count in training.by_genre.values())
    assert training.chunks == sum(count.chunks for count in training.by_genre.values())
    assert list(training.by_genre) == list(info.genres) == list(GENRES)
    assert all(count.tracks >= 40 for count in training.by_genre.values())
    assert "test_filtered was used for nothing" in training.protocol
    own = CatBoostClassifier()
    own.load_model(str(committed()))
    made = training.parameters
    assert own.tree_count_ == int(made["iterations"]) * int(made["members"])


def test_is_as_good_as_is_promised() -> None:
    """Right on new artists' tracks, within an interval that is worth the name."""
    info = GenreModel.load().info
    [score] = info.scores
    assert score.level == "track"
    assert (score.n_tracks, score.n_chunks) == (info.training.tracks, info.training.chunks)
    assert 0.78 <= score.accuracy < 0.95
    assert 0.76 <= score.macro_f1 < 0.95
    for value, interval in (
        (score.accuracy, score.accuracy_interval),
        (score.macro_f1, score.macro_f1_interval),
    ):
        assert interval
        assert interval[0] < value < interval[1] < interval[0] + 0.2


def test_genres_add_up_to_the_score() -> None:
    """The share of right tracks is the genres' recall, weighed by their tracks."""
    info = GenreModel.load().info
    tracks = [own.tracks for own in info.genres.values()]
    assert sum(tracks) == info.scores[0].n_tracks
    recall = [own.recall for own in info.genres.values()]
    assert np.average(recall, weights=tracks) == pytest.approx(info.scores[0].accuracy)
    assert min(recall) > 0.3


def test_knows_how_sure_it_may_be() -> None:
    """Probabilities are honest, most tracks are told without doubt, and those are right."""
    known = GenreModel.load().info.calibration
    assert known.expected_error <= 0.05
    assert known.answered >= 0.7
    assert known.right >= 0.9
    assert 0.5 < known.temperature < 2
    assert 0.5 < known.sure_from < 1
    assert known.music_from <= known.doubt_from


def test_lies_where_it_is_looked_for() -> None:
    """The pair is in the package, beside the tagger's."""
    assert committed().name == "genrebot.cbm"
    assert isinstance(committed(), Path)
    assert committed().with_suffix(".json").is_file()


if __name__ == "__main__":
    renewed = dict(zip(("GOLDEN_GENRES", "GOLDEN_CONFIDENCE"), answers(), strict=True))
    sys.stdout.writelines(f"{name} = {value}\n" for name, value in renewed.items())
