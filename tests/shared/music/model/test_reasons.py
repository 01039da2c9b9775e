"""Reasons for a genre."""

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.domain.genres import GENRES
from shared.music.constants import N_TAGS
from shared.music.features.table import FEATURE_NAMES
from shared.music.model.aggregation import AGGREGATE_NAMES, track_windows
from shared.music.model.classifier import GenreModel
from shared.music.model.reasons import IDEAS, SENTENCES, find_reasons, idea_of

WIDTH = len(AGGREGATE_NAMES)
ROCK = GENRES.index("rock")


def contributions_of(**columns: float) -> NDArray[np.float64]:
    """Return contributions to rock of some columns, whose names are written with underscores."""
    found = np.zeros((len(GENRES), WIDTH))
    for name, value in columns.items():
        found[ROCK, AGGREGATE_NAMES.index(name.replace("__", ":"))] = value
    return found


def test_every_column_belongs_to_one_idea() -> None:
    """And every idea has columns."""
    assert {idea_of(column) for column in AGGREGATE_NAMES} == set(IDEAS)
    for column in AGGREGATE_NAMES:
        assert sum(column.startswith(prefixes) for prefixes in IDEAS.values()) == 1
    assert set(SENTENCES) <= set(AGGREGATE_NAMES)


def test_contributions_add_up_to_the_score() -> None:
    """Of trees and discriminants, for a track of several windows."""
    model = GenreModel.load()
    rng = np.random.default_rng(8)
    features = np.exp(rng.normal(0, 1, (24, len(FEATURE_NAMES))))
    tags = rng.uniform(0.01, 0.9, (24, N_TAGS))
    windows = track_windows(features, tags, np.ones(24, bool))
    contributions, base = model.scorer.contributions(windows)
    scores = model.scorer.track_scores(windows)
    np.testing.assert_allclose(contributions.sum(axis=1) + base, scores - scores.mean(), atol=1e-9)


def test_strongest_ideas_come_first() -> None:
    """Three for the genre at most, then one against it; weak ones are left out."""
    columns = {
        "tempo__mean": 3.0,
        "perceptr_var__mean": 2.5,
        "chroma_stft_mean__mean": 2.0,
        "rms_var__mean": 1.5,
        "spectral_centroid_mean__mean": -2.2,
        "mfcc3_mean__mean": 0.1,
    }
    reasons = find_reasons(contributions_of(**columns), np.ones(WIDTH), np.zeros(WIDTH), ROCK)
    assert [reason.idea for reason in reasons] == ["tempo", "percussion", "harmony", "brightness"]
    assert [reason.value for reason in reasons] == [3.0, 2.5, 2.0, -2.2]


@pytest.mark.parametrize(("value", "text"), [(1.0, "fast"), (-1.0, "slow")])
@pytest.mark.parametrize("contribution", [2.0, -2.0])
def test_a_sentence_agrees_with_its_column(value: float, text: str, contribution: float) -> None:
    """It says whether the track is above or below the mean, whatever that speaks for."""
    row = np.zeros(WIDTH)
    row[AGGREGATE_NAMES.index("tempo:mean")] = value
    [reason] = find_reasons(contributions_of(tempo__mean=contribution), row, np.zeros(WIDTH), ROCK)
    assert reason.text == f"Its beat is {text}."
    assert reason.value == contribution


def test_the_column_with_the_ideas_own_sign_is_told() -> None:
    """A column that pulls the other way would contradict the idea."""
    contributions = contributions_of(rms_var__mean=-1.0, rms_var__std=3.0, tempo__mean=1.0)
    reasons = find_reasons(contributions, np.ones(WIDTH), np.zeros(WIDTH), ROCK)
    assert [reason.idea for reason in reasons] == ["tempo"], "dynamics have no sentence to tell"


@pytest.mark.parametrize(
    ("above", "text"),
    [
        (("rock", "guitar"), "It reminds of rock and guitar, and not of hip-hop."),
        ((), "It does not remind of rock, guitar or hip-hop."),
    ],
)
def test_tags_are_named(above: tuple[str, ...], text: str) -> None:
    """Those that stand out, and those that the track lacks."""
    columns = {f"tag:{tag}:mean": 3.0 - n for n, tag in enumerate(("rock", "guitar", "Hip-Hop"))}
    contributions = np.zeros((len(GENRES), WIDTH))
    row = np.zeros(WIDTH)
    for column, value in columns.items():
        contributions[ROCK, AGGREGATE_NAMES.index(column)] = value or 0.5
        row[AGGREGATE_NAMES.index(column)] = 1.0 if column.split(":")[1] in above else -1.0
    [reason] = find_reasons(contributions, row, np.zeros(WIDTH), ROCK)
    assert reason.text == text


@pytest.mark.parametrize(("value", "word"), [(1.0, "typical"), (-1.0, "untypical")])
def test_timbre_is_typical_or_not(value: float, word: str) -> None:
    """Cepstral coefficients have no words of their own."""
    [reason] = find_reasons(
        contributions_of(mfcc2_mean__mean=value), np.ones(WIDTH), np.zeros(WIDTH), ROCK
    )
    assert reason.text == f"Its timbre is {word} of the genre."
