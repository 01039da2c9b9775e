"""The model card says what the model's own description says."""

from pathlib import Path

import pytest

from shared.domain.genres import genre_name
from shared.music.model.classifier import GenreModel, committed

CARD = Path(__file__).parents[4] / "docs" / "model-card.md"


@pytest.fixture(scope="module")
def card() -> str:
    """Return the page."""
    return CARD.read_text(encoding="utf-8")


def test_scores_are_those_of_the_model(card: str) -> None:
    """Accuracy, macro F1 and their intervals; an older model's would be believed."""
    [score] = GenreModel.load().info.scores
    for value, interval in (
        (score.accuracy, score.accuracy_interval),
        (score.macro_f1, score.macro_f1_interval),
    ):
        assert interval
        assert f"{value:.3f} ({interval[0]:.3f} to {interval[1]:.3f})" in card


def test_certainty_is_that_of_the_model(card: str) -> None:
    """Calibration, and how many tracks are told without doubt."""
    known = GenreModel.load().info.calibration
    for told in (f"{known.expected_error:.3f}", f"{known.answered:.1%}", f"{known.right:.1%}"):
        assert told in card


def test_genres_are_those_of_the_model(card: str) -> None:
    """One row for each."""
    for genre, own in GenreModel.load().info.genres.items():
        row = f"| {genre_name(genre)} | {own.tracks} | {own.recall:.2f} | {own.precision:.2f} |"
        assert row in card


def test_counts_are_those_of_the_training(card: str) -> None:
    """What it learned from."""
    training = GenreModel.load().info.training
    assert f"{training.tracks} tracks" in card.replace("\n", " ")
    assert f"{training.parameters['iterations']} trees of depth 1" in card
    assert f"({committed().stat().st_size / 1e6:.1f} MB)" in card
