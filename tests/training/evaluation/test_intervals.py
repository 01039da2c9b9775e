"""Scores of verdicts, with what chance could have done to them."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    precision_score,
    recall_score,
)

from shared.domain.genres import GENRES
from shared.music.model.model_metadata import Score
from training.evaluation.intervals import by_genre, confusion, score

Places = NDArray[np.int_]
N = len(GENRES)


def verdicts(tracks: int = 200, right: float = 0.7, repeats: int = 2) -> tuple[Places, Places]:
    """Some verdicts and the truth."""
    rng = np.random.default_rng(tracks)
    genres = np.arange(tracks) % N
    wrong = rng.random((repeats, tracks)) > right
    return np.where(wrong, rng.integers(0, N, (repeats, tracks)), genres), genres


def scored(winners: Places, genres: Places, groups: Places, seed: int = 1) -> Score:
    """Score with names that do not matter here."""
    return score(winners, genres, groups, split="mine", n_chunks=7, seed=seed)


def test_figures_are_those_of_scikit_learn() -> None:
    """The mean over the repeats."""
    winners, genres = verdicts()
    told = scored(winners, genres, np.arange(200))
    assert told.accuracy == pytest.approx(np.mean([accuracy_score(genres, w) for w in winners]))
    f1 = [f1_score(genres, own, average="macro") for own in winners]
    assert told.macro_f1 == pytest.approx(np.mean(f1))
    assert (told.split, told.level, told.n_tracks, told.n_chunks) == ("mine", "track", 200, 7)


def test_genres_are_those_of_scikit_learn() -> None:
    """Recall and precision over all repeats together; tracks are counted once."""
    winners, genres = verdicts()
    found = by_genre(winners, genres)
    true, told = np.tile(genres, 2), winners.ravel()
    assert list(found) == list(GENRES)
    assert [own.tracks for own in found.values()] == [20] * N
    for values, expected in (
        ([own.recall for own in found.values()], recall_score(true, told, average=None)),
        ([own.precision for own in found.values()], precision_score(true, told, average=None)),
    ):
        np.testing.assert_allclose(values, expected)
    np.testing.assert_array_equal(confusion(winners, genres), confusion_matrix(true, told))


def test_genres_that_do_not_occur() -> None:
    """Neither true nor told: no tracks, no recall, no precision, and no error."""
    found = by_genre(np.array([[0, 1]]), np.array([0, 0]))
    assert (found["blues"].recall, found["blues"].precision) == (0.5, 1.0)
    assert (found["classical"].tracks, found["classical"].precision) == (0, 0.0)
    assert (found["rock"].tracks, found["rock"].recall, found["rock"].precision) == (0, 0.0, 0.0)
    told = scored(np.array([[0, 1]]), np.array([0, 0]), np.array([0, 1]))
    assert told.macro_f1 == pytest.approx(2 / 3 / N)


def test_intervals_hold_the_value_and_shrink_with_more_artists() -> None:
    """Four times as many artists, half the width."""
    widths = []
    for tracks in (200, 800):
        told = scored(*verdicts(tracks), np.arange(tracks))
        for value, interval in (
            (told.accuracy, told.accuracy_interval),
            (told.macro_f1, told.macro_f1_interval),
        ):
            assert interval
            assert interval[0] < value < interval[1]
        assert told.accuracy_interval
        widths.append(told.accuracy_interval[1] - told.accuracy_interval[0])
    assert widths[1] == pytest.approx(widths[0] / 2, rel=0.2)


def test_one_repeat_has_the_binomial_interval() -> None:
    """With an artist for each track: the share, two standard errors to either side."""
    winners, genres = verdicts(1000, repeats=1)
    told = scored(winners, genres, np.arange(1000))
    half = 1.96 * np.sqrt(told.accuracy * (1 - told.accuracy) / 1000)
    expected = (told.accuracy - half, told.accuracy + half)
    assert told.accuracy_interval == pytest.approx(expected, abs=0.004)


def test_tracks_of_one_artist_stand_and_fall_together() -> None:
    """The same verdicts say less where ten tracks share an artist and a fate."""
    genres = np.repeat(np.arange(N), 40)
    artists = np.arange(400) // 10
    lucky = np.random.default_rng(2).random(40) < 0.7
    winners = np.where(lucky[artists], genres, (genres + 1) % N)[None]
    alone, together = (scored(winners, genres, groups) for groups in (np.arange(400), artists))
    assert alone.accuracy_interval
    assert together.accuracy_interval
    width, wider = (np.ptp(own.accuracy_interval or ()) for own in (alone, together))
    assert wider > 2 * width


def test_repeats_are_no_further_tracks() -> None:
    """The same verdicts twice say no more than once."""
    winners, genres = verdicts(repeats=1)
    once, twice = (scored(np.repeat(winners, n, axis=0), genres, np.arange(200)) for n in (1, 2))
    assert once == twice


def test_the_seed_decides() -> None:
    """Intervals are drawn, and drawn again the same."""
    winners, genres = verdicts()
    one, two, other = (scored(winners, genres, np.arange(200), seed) for seed in (1, 1, 2))
    assert one == two
    assert one.accuracy_interval != other.accuracy_interval
