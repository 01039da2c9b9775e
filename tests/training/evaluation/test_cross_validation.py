"""Cross-validation: no artist on two sides, and every track judged by a stranger."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from shared.domain.genres import GENRES
from tests.training.conftest import artist_of, name_of, recording
from training.data.gtzan import DataError
from training.data.recordings import Recording
from training.evaluation import cross_validation
from training.evaluation.cross_validation import (
    FOLDS,
    cross_validate,
    draw_folds,
    groups_of,
)

PER_GENRE = 14


@pytest.fixture(scope="module")
def tracks() -> list[Recording]:
    """Fourteen tracks a genre."""
    return [recording(name_of(genre, n)) for genre in GENRES for n in range(PER_GENRE)]


@pytest.fixture(scope="module")
def artists() -> dict[str, str]:
    """Two tracks an artist; of the last two of each genre nobody knows it."""
    known = {(g, n): artist_of(g, n) for g in GENRES for n in range(PER_GENRE - 2)}
    return {name_of(genre, n): artist for (genre, n), artist in known.items()}


def _watched(fits: list[set[str]]) -> Any:
    """Fit nothing; keep what there was to learn from, and answer with the number of the fit."""

    class Fit:
        def __init__(self, learned: Sequence[Recording], **_options: object) -> None:
            fits.append({own.track for own in learned})
            self.number = len(fits)

        def predict(self, rows: np.ndarray) -> np.ndarray:
            return np.full((len(rows), len(GENRES)), float(self.number))

    return Fit


def test_nobody_is_judged_by_who_has_heard_the_artist(
    tracks: list[Recording], artists: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checked by names: of each fit, what it learned from and what it was asked about."""
    fits: list[set[str]] = []
    monkeypatch.setattr(cross_validation, "fit", _watched(fits))
    found = cross_validate(tracks, artists, seed=3, repeats=2)
    assert found.probabilities.shape == (2, len(tracks), len(GENRES))
    assert len(fits) == 2 * FOLDS
    for repeat in range(2):
        for number in range(FOLDS):
            learned = fits[repeat * FOLDS + number]
            held = {
                own.track for own, f in zip(tracks, found.fold[repeat], strict=True) if f == number
            }
            assert learned | held == {own.track for own in tracks}
            assert not learned & held
            asked = {artists.get(track) for track in held} - {None}
            assert not asked & {artists.get(track) for track in learned}
            assert {track.split(".")[0] for track in held} == set(GENRES)
    # And each track's row is of the fit that was held back from it.
    expected = 1 + found.fold + FOLDS * np.arange(2)[:, None]
    np.testing.assert_array_equal(found.probabilities[:, :, 0], expected)


def test_folds_tell_whose_tracks_they_are(
    tracks: list[Recording], artists: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Genres and artists by number, and the share that is done."""
    monkeypatch.setattr(cross_validation, "fit", _watched([]))
    shares: list[float] = []
    found = cross_validate(tracks, artists, seed=3, repeats=2, progress=shares.append)
    assert [GENRES[genre] for genre in found.genres] == [own.genre for own in tracks]
    np.testing.assert_array_equal(found.groups, groups_of(tracks, artists))
    np.testing.assert_allclose(shares, np.arange(1, 11) / 10)


def test_artists_are_numbered_and_strangers_stand_alone(
    tracks: list[Recording], artists: dict[str, str]
) -> None:
    """Tracks share a number when they share an artist, and else never."""
    groups = groups_of(tracks[:PER_GENRE], artists)
    assert groups[0] == groups[1] != groups[2]
    assert len(set(groups.tolist())) == (PER_GENRE - 2) // 2 + 2
    assert len(set(groups[-2:].tolist())) == 2


def test_drawing_again_draws_the_same(tracks: list[Recording], artists: dict[str, str]) -> None:
    """The seed decides, and another seed draws otherwise."""
    genres = np.array([GENRES.index(own.genre) for own in tracks])
    groups = groups_of(tracks, artists)
    one, two, other = (draw_folds(genres, groups, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(one, two, strict=True))
    assert not all(np.array_equal(a[1], b[1]) for a, b in zip(one, other, strict=True))
    held = np.concatenate([held for _, held in one])
    assert sorted(held.tolist()) == list(range(len(tracks)))


def test_the_same_seed_finds_the_same(tracks: list[Recording], artists: dict[str, str]) -> None:
    """With real fits too, better than chance; repeats draw other folds."""
    one, two = (cross_validate(tracks, artists, seed=5, repeats=r, iterations=4) for r in (2, 1))
    np.testing.assert_array_equal(one.probabilities[0], two.probabilities[0])
    np.testing.assert_array_equal(one.fold[0], two.fold[0])
    assert not np.array_equal(one.fold[0], one.fold[1])
    np.testing.assert_allclose(one.probabilities.sum(axis=2), 1)
    assert (one.probabilities.argmax(axis=2) == one.genres).mean() > 0.4


def test_too_few_artists_are_named(tracks: list[Recording], artists: dict[str, str]) -> None:
    """Four artists of a genre cannot be spread over five folds, however many tracks there are."""
    busy = {track: a.replace("jazz 5", "jazz 4") for track, a in artists.items()}
    busy |= {name_of("jazz", n): "jazz 0" for n in (2, 3, 12, 13)}
    with pytest.raises(DataError, match="at least 5 artists of jazz"):
        cross_validate(tracks, busy, seed=1)
