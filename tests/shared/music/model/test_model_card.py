"""The model card agrees with the model's metadata."""

from pathlib import Path

import pytest

from shared.domain.genres import genre_name
from shared.music.model.classifier import GenreModel, committed

CARD = Path(__file__).parents[4] / "docs" / "model-card.md"


@pytest.fixture(scope="module")
def card() -> str:
    """Return the model card."""
    return CARD.read_text(encoding="utf-8")


def test_scores_are_those_of_the_model(card: str) -> None:
    """Accuracy, macro F1 and their intervals."""
    [score] = GenreModel.load().metadata.scores
    for value, interval in (
        (score.accuracy, score.accuracy_interval),
        (score.macro_f1, score.macro_f1_interval),
    ):
        assert interval
        assert f"{value:.3f} ({interval[0]:.3f} to {interval[1]:.3f})" in card


def test_calibration_is_that_of_the_model(card: str) -> None:
    """Calibration error, share of sure verdicts, and share of right ones among them."""
    known = GenreModel.load().metadata.calibration
    for told in (f"{known.expected_error:.3f}", f"{known.answered:.1%}", f"{known.right:.1%}"):
        assert told in card


def test_genres_are_those_of_the_model(card: str) -> None:
    """There is a row for each genre."""
    for genre, own in GenreModel.load().metadata.genres.items():
        row = f"| {genre_name(genre)} | {own.tracks} | {own.recall:.2f} | {own.precision:.2f} |"
        assert row in card


def test_counts_are_those_of_the_training(card: str) -> None:
    """Numbers of tracks and trees, and the file's size."""
    training = GenreModel.load().metadata.training
    assert f"{training.tracks} tracks" in card.replace("\n", " ")
    assert f"{training.parameters['iterations']} trees of depth 1" in card
    assert f"({committed().stat().st_size / 1e6:.1f} MB)" in card
