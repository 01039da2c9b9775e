"""The two questions a model is asked: how good on new artists, and how good on the test list."""

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
    held_back,
    ignore,
    learnable,
    split_of,
    tagged_of,
)
from training.data.recordings import Recording, load_recordings
from training.evaluation.cross_validation import REPEATS, Folds, cross_validate, groups_of
from training.evaluation.intervals import by_genre, score
from training.fitting.calibration import (
    Bin,
    answered,
    calibrated,
    expected_error,
    reliability,
    temperature_for,
    threshold_for,
)
from training.fitting.fit import fit

GROUPED: Final = "artist-grouped 5-fold cross-validation over train_filtered and valid_filtered"
TEST: Final = "test_filtered"


@dataclass(frozen=True)
class Report:
    """What an evaluation found.

    Attributes:
        score: accuracy and macro F1 with their intervals.
        genres: how each genre fares.
        bins: what was told against what was right.
        expected_error: expected calibration error.
        answered: share of tracks told without doubt; None where that was not asked.
        right: share of those that were right; None where there were none.
        sources: how many tracks were judged by what.

    """

    score: Score
    genres: dict[str, GenreScore]
    bins: list[Bin]
    expected_error: float
    answered: float | None
    right: float | None
    sources: dict[str, int]


def artist_grouped(
    data_dir: Path,
    seed: int = 1,
    *,
    repeats: int = REPEATS,
    iterations: int | None = None,
    progress: Progress | None = None,
) -> tuple[Report, Folds]:
    """Cross-validate over the tracks of train and valid that have tags.

    Temperature and threshold are found anew for each fold on the other folds.

    Raises:
        DataError: the folder does not hold what is needed.

    """
    found, artists = learnable(data_dir), read_artists(data_dir)
    folds = cross_validate(
        found,
        artists,
        seed=seed,
        repeats=repeats,
        iterations=iterations,
        progress=partial(progress or ignore, "cross-validating"),
    )
    return summarize(folds, found, seed), folds


def summarize(folds: Folds, found: Sequence[Recording], seed: int) -> Report:
    """Put figures to what cross-validation found."""
    honest = calibrated(folds)
    sure = answered(folds, honest)
    winners = honest.argmax(axis=2)
    bins = reliability(honest.reshape(-1, honest.shape[2]), np.tile(folds.genres, len(honest)))
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
    """Fit on train and valid and score whatever of the test list there is.

    A test track is judged from its audio, through the chain that every upload goes through;
    where there is none, from its rows of the table and its taggram; and where there is no
    taggram either, by a model of the features alone.

    Raises:
        DataError: the folder does not hold what is needed, or nothing of the test list.

    """
    report = progress or ignore
    split, artists = split_of(data_dir), read_artists(data_dir)
    test = held_back(data_dir, split, partial(report, "reading the test list"))
    learned = load_recordings(data_dir, split.train | split.valid)
    folds = cross_validate(
        tagged_of(learned, data_dir),
        artists,
        seed=seed,
        repeats=1,
        iterations=iterations,
        progress=partial(report, "calibrating"),
    )
    temperature = temperature_for(folds.probabilities[0], folds.genres)
    told = temperature_scale(_told(test, learned, seed, iterations, report), temperature)
    threshold = threshold_for(temperature_scale(folds.probabilities[0], temperature), folds.genres)
    genres = np.array([GENRES.index(own.genre) for own in test])
    winners, sure = told.argmax(axis=1), told.max(axis=1) >= threshold
    bins = reliability(told, genres)
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


def _told(
    test: Sequence[Recording],
    learned: Sequence[Recording],
    seed: int,
    iterations: int | None,
    report: Progress,
) -> NDArray[np.float64]:
    """Judge test tracks, those without tags by a model that was fitted without them."""
    table = np.empty((len(test), len(GENRES)))
    for tagged, stage in ((True, "fitting"), (False, "fitting on features alone")):
        mine = [place for place, own in enumerate(test) if own.tagged is tagged]
        if mine:
            fitted = fit(
                learned,
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
