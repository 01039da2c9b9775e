"""Cross-validation with no artist in both training and test data."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from shared.domain.genres import GENRES
from training.data.gtzan import DataError
from training.data.recordings import Recording
from training.fitting.classifier import fit

FOLDS: Final = 5
REPEATS: Final = 4
"""Times that the folds are drawn; scores are means over them."""


@dataclass(frozen=True, eq=False)
class HeldOutPredictions:
    """Predictions for tracks by models fitted without their artists, for each drawing of folds.

    Attributes:
        genres: true genres, indices in ``GENRES``, int of shape (n,).
        groups: number of each track's artist, int of shape (n,).
        probabilities: uncalibrated, of a model fitted without the track and its artist,
            float64 of shape (repeats, n, 10), columns as ``GENRES``.
        fold: number of the fold in which each track was held out, shape (repeats, n).

    """

    genres: NDArray[np.int_]
    groups: NDArray[np.int_]
    probabilities: NDArray[np.float64]
    fold: NDArray[np.int_]


def cross_validate(  # noqa: PLR0913 - options
    recordings: Sequence[Recording],
    artists: Mapping[str, str],
    *,
    seed: int,
    repeats: int = REPEATS,
    iterations: int | None = None,
    thread_count: int = 1,
    progress: Callable[[float], None] | None = None,
) -> HeldOutPredictions:
    """Predict every track by a model fitted without it and without its artist.

    Args:
        recordings: tracks with tags.
        artists: artist of each track, where known; other tracks get groups of their own.
        seed: seed of the folds; each repeat uses the next number.
        repeats: number of drawings of the folds.
        iterations: number of trees, for a quick trial.
        thread_count: threads to use.
        progress: called with the share that is done.

    Raises:
        DataError: too few tracks or artists of a genre.

    """
    groups = groups_of(recordings, artists)
    genres = np.array([GENRES.index(own.genre) for own in recordings])
    rows = np.stack([own.row() for own in recordings])
    probabilities = np.zeros((repeats, len(recordings), len(GENRES)))
    fold = np.zeros((repeats, len(recordings)), int)
    for repeat in range(repeats):
        for number, (train, held) in enumerate(draw_folds(genres, groups, seed + repeat)):
            fitted = fit(
                [recordings[i] for i in train],
                seed=seed,
                iterations=iterations,
                thread_count=thread_count,
            )
            probabilities[repeat, held] = fitted.predict(rows[held])
            fold[repeat, held] = number
            if progress:
                progress((repeat * FOLDS + number + 1) / (repeats * FOLDS))
    return HeldOutPredictions(genres, groups, probabilities, fold)


def groups_of(recordings: Sequence[Recording], artists: Mapping[str, str]) -> NDArray[np.int_]:
    """Return an artist's number for each track, int of shape (n,); unknown artists are distinct."""
    names = [artists.get(own.track, f"?{own.track}") for own in recordings]
    numbers: NDArray[np.int_] = np.unique(names, return_inverse=True)[1]
    return numbers


def draw_folds(
    genres: NDArray[np.int_], groups: NDArray[np.int_], seed: int
) -> list[tuple[NDArray[np.int_], NDArray[np.int_]]]:
    """Draw stratified folds that keep all tracks of an artist together.

    Args:
        genres: indices in ``GENRES``, shape (n,).
        groups: number of each track's artist, shape (n,).
        seed: seed of the folds.

    Returns:
        For each fold the indices of the training tracks and of the tracks held out.

    Raises:
        DataError: too few artists of a genre.

    """
    for genre, name in enumerate(GENRES):
        if len(np.unique(groups[genres == genre])) < FOLDS:
            raise DataError(f"Cross-validation needs at least {FOLDS} artists of {name}.")
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    return list(folds.split(np.zeros(len(genres)), genres, groups))
