"""The fit itself."""

import numpy as np
import pytest

from shared.domain.genres import GENRES
from shared.music.model.aggregation import AGGREGATE_NAMES, N_TAG_COLUMNS
from shared.music.model.classifier import GenreModel
from tests.training.conftest import name_of, recording
from training.data.gtzan import DataError
from training.data.recordings import Recording
from training.fitting.classifier import MEMBERS, PARAMETERS, fit, parameters_for, track_weights

QUICK = 5


@pytest.fixture(scope="module")
def tracks() -> list[Recording]:
    """Four tracks a genre, the last of them without tags."""
    return [recording(name_of(g, n), tagged=n < 3) for g in GENRES for n in range(4)]


def _rows(number: int, *, tagged: bool = True) -> np.ndarray:
    """One track of each genre that was not learned from."""
    return np.stack([recording(name_of(g, number), tagged=tagged).row() for g in GENRES])


def test_genres_that_differ_are_told(tracks: list[Recording]) -> None:
    """Of tracks that were not learned from, with columns in the order of the genres."""
    fitted = fit(tracks, seed=1, iterations=30)
    told = fitted.predict(_rows(7))
    np.testing.assert_allclose(told.sum(axis=1), 1)
    assert (told.argmax(axis=1) == np.arange(10)).mean() > 0.7
    assert tuple(fitted.classifier.feature_names_) == AGGREGATE_NAMES


def test_predicts_as_the_product_does(tracks: list[Recording]) -> None:
    """Trees and discriminants are pooled as in a verdict at the temperature 1."""
    fitted = fit(tracks, seed=1, iterations=QUICK)
    plain = GenreModel.load().metadata
    calibration = plain.calibration.model_copy(update={"temperature": 1, "extra_temperature": 0})
    metadata = plain.model_copy(
        update={
            "calibration": calibration,
            "classes": tuple(fitted.classifier.classes_),
            "discriminants": fitted.discriminants,
        }
    )
    model = GenreModel(metadata, fitted.classifier)
    np.testing.assert_allclose(fitted.predict(_rows(7)), model.predict_rows(_rows(7)), rtol=1e-12)
    assert 0 < fitted.discriminants.share < 1


def test_features_alone(tracks: list[Recording]) -> None:
    """Tracks without tags can be learned from and judged; no column of tags is looked at."""
    fitted = fit(tracks, seed=1, iterations=30, features_only=True)
    assert tuple(fitted.classifier.feature_names_) == AGGREGATE_NAMES[N_TAG_COLUMNS:]
    told = fitted.predict(_rows(7, tagged=False))
    np.testing.assert_array_equal(told, fitted.predict(_rows(7)))
    assert (told.argmax(axis=1) == np.arange(10)).mean() > 0.7


def test_tracks_without_tags_are_left_out(tracks: list[Recording]) -> None:
    """They change nothing where tags count."""
    tagged = [own for own in tracks if own.tagged]
    one, two = (fit(part, seed=1, iterations=QUICK).predict(_rows(7)) for part in (tracks, tagged))
    np.testing.assert_array_equal(one, two)


def test_same_seed_same_model(tracks: list[Recording]) -> None:
    """Fits can be repeated, also with another number of threads; the seed matters."""
    one, two, other = (
        fit(tracks, seed=seed, iterations=QUICK, thread_count=threads).classifier
        for seed, threads in ((1, 1), (1, 2), (2, 1))
    )
    one, two, other = (own.predict_proba(_rows(7)) for own in (one, two, other))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_progress_counts_members(tracks: list[Recording]) -> None:
    """One member after the other, up to 1."""
    shares: list[float] = []
    fit(tracks, seed=1, iterations=QUICK, progress=shares.append)
    assert shares == [number / MEMBERS for number in range(1, MEMBERS + 1)]


def test_every_track_weighs_the_same() -> None:
    """A track with fewer rows gives each of them more weight."""
    weights = track_weights(np.array(["a", "b", "b", "b"]))
    np.testing.assert_allclose(weights, [2, 2 / 3, 2 / 3, 2 / 3])


@pytest.mark.parametrize("tagged", [True, False])
def test_a_genre_that_is_missing_is_named(tracks: list[Recording], *, tagged: bool) -> None:
    """Also where it has tracks, but none that may be learned from."""
    others = [own for own in tracks if own.genre != "rock"]
    rock = [] if tagged else [recording("rock.00000", tagged=False)]
    with pytest.raises(DataError, match="no training tracks for: rock"):
        fit(others + rock, seed=1, iterations=QUICK)


def test_a_trial_changes_the_number_of_trees_alone() -> None:
    """Everything else is as it ships."""
    assert parameters_for(None) == PARAMETERS
    assert parameters_for(7) == {**PARAMETERS, "iterations": 7}
