"""The two evaluation protocols: cross-validation by artist, and the fault-filtered test list."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.domain.genres import GENRES
from shared.music.model.calibration import temperature_scale
from shared.music.model.model_metadata import GenreScore, Score
from training.data.artist_splits import read_artists
from training.data.datasets import (
    Progress,
    ignore,
    load_test_tracks,
    load_training_tracks,
    only_tagged,
    read_disjoint_split,
)
from training.data.recordings import Recording, load_recordings
from training.evaluation.cross_calibration import cross_calibrate, cross_threshold
from training.evaluation.cross_validation import (
    REPEATS,
    HeldOutPredictions,
    cross_validate,
    groups_of,
)
from training.evaluation.intervals import by_genre, score
from training.fitting.calibration import (
    Bin,
    expected_error,
    reliability,
    temperature_for,
    threshold_for,
)
from training.fitting.classifier import fit

GROUPED: Final = "artist-grouped 5-fold cross-validation over all training tracks with tags"
TEST: Final = "test_filtered"


@dataclass(frozen=True)
class Report:
    """Results of an evaluation.

    Attributes:
        score: accuracy and macro F1 with their intervals.
        genres: recall and precision of each genre.
        bins: the reliability diagram.
        expected_error: expected calibration error.
        answered: share of tracks told without doubt.
        right: share of those that are right; None where there are none.
        sources: number of tracks by the data that they were predicted from.

    """

    score: Score
    genres: dict[str, GenreScore]
    bins: list[Bin]
    expected_error: float
    answered: float
    right: float | None
    sources: dict[str, int]


def artist_grouped(
    data_dir: Path,
    seed: int = 1,
    *,
    repeats: int = REPEATS,
    iterations: int | None = None,
    progress: Progress | None = None,
) -> tuple[Report, HeldOutPredictions]:
    """Cross-validate over all training tracks: of train, valid and further ones, with tags.

    Temperature and threshold for each fold are found on the other folds.

    Raises:
        DataError: the folder does not hold what is needed.

    """
    found, artists = load_training_tracks(data_dir), read_artists(data_dir)
    folds = cross_validate(
        found,
        artists,
        seed=seed,
        repeats=repeats,
        iterations=iterations,
        progress=partial(progress or ignore, "cross-validating"),
    )
    return summarize(folds, found, seed), folds


def summarize(folds: HeldOutPredictions, found: Sequence[Recording], seed: int) -> Report:
    """Score the predictions of a cross-validation."""
    calibrated = cross_calibrate(folds)
    sure = cross_threshold(folds, calibrated)
    winners = calibrated.argmax(axis=2)
    bins = reliability(calibrated.reshape(-1, len(GENRES)), np.tile(folds.genres, len(calibrated)))
    return Report(
        score=score(
            winners,
            folds.genres,
            folds.groups,
            split=GROUPED,
            n_chunks=sum(len(own.features) for own in found),
            seed=seed,
        ),
        genres=by_genre(winners, folds.genres),
        bins=bins,
        expected_error=expected_error(bins),
        answered=float(sure.mean()),
        right=float((winners == folds.genres)[sure].mean()) if sure.any() else None,
        sources=_sources(found),
    )


def fault_filtered(
    data_dir: Path,
    seed: int = 1,
    *,
    iterations: int | None = None,
    progress: Progress | None = None,
) -> Report:
    """Fit on train and valid, and score the tracks of the test list that are available.

    A test track is predicted from its audio, through the same pipeline as an upload; without
    audio, from its rows of the table and its taggram; without a taggram, by a model of the
    features alone.

    Raises:
        DataError: the folder does not hold what is needed, or no track of the test list.

    """
    report = progress or ignore
    split, artists = read_disjoint_split(data_dir), read_artists(data_dir)
    test = load_test_tracks(data_dir, split, partial(report, "reading the test list"))
    train = load_recordings(data_dir, split.train | split.valid)
    folds = cross_validate(
        only_tagged(train, data_dir),
        artists,
        seed=seed,
        repeats=1,
        iterations=iterations,
        progress=partial(report, "calibrating"),
    )
    temperature = temperature_for(folds.probabilities[0], folds.genres)
    probabilities = temperature_scale(_predict(test, train, seed, iterations, report), temperature)
    threshold = threshold_for(temperature_scale(folds.probabilities[0], temperature), folds.genres)
    genres = np.array([GENRES.index(own.genre) for own in test])
    winners, sure = probabilities.argmax(axis=1), probabilities.max(axis=1) >= threshold
    bins = reliability(probabilities, genres)
    return Report(
        score=score(
            winners[None],
            genres,
            groups_of(test, artists),
            split=TEST,
            n_chunks=sum(len(own.features) for own in test),
            seed=seed,
        ),
        genres=by_genre(winners[None], genres),
        bins=bins,
        expected_error=expected_error(bins),
        answered=float(sure.mean()),
        right=float((winners == genres)[sure].mean()) if sure.any() else None,
        sources=_sources(test),
    )


def _predict(
    test: Sequence[Recording],
    train: Sequence[Recording],
    seed: int,
    iterations: int | None,
    report: Progress,
) -> NDArray[np.float64]:
    """Predict test tracks; those without tags by a model of the features alone."""
    table = np.empty((len(test), len(GENRES)))
    for tagged, stage in ((True, "fitting"), (False, "fitting on features alone")):
        mine = [place for place, own in enumerate(test) if own.tagged is tagged]
        if mine:
            fitted = fit(
                train,
                seed=seed,
                iterations=iterations,
                features_only=not tagged,
                progress=partial(report, stage),
            )
            table[mine] = fitted.predict(np.stack([test[place].row() for place in mine]))
    return table


def _sources(found: Sequence[Recording]) -> dict[str, int]:
    words = {"audio": "audio", "table": "table and taggram"}
    return dict(Counter(words[own.source] if own.tagged else "table alone" for own in found))
