"""How good a model is on tracks whose artists it has not heard, by cross-validation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from shared.domain.genres import GENRES
from training.data.gtzan import DataError
from training.data.recordings import Recording
from training.fitting.fit import fit

FOLDS: Final = 5
REPEATS: Final = 4
"""Times that the folds are drawn anew; figures are means over them."""


@dataclass(frozen=True, eq=False)
class Folds:
    """What cross-validation found out about some tracks, once for each drawing of the folds.

    Attributes:
        genres: each track's genre as a place in ``GENRES``, int of shape (n,).
        groups: number of each track's artist, int of shape (n,).
        probabilities: uncalibrated, of a model that heard neither the track nor its
            artist, float64 of shape (repeats, n, 10), columns as ``GENRES``.
        fold: number of the fold that each track was held out in, shape (repeats, n).

    """

    genres: NDArray[np.int_]
    groups: NDArray[np.int_]
    probabilities: NDArray[np.float64]
    fold: NDArray[np.int_]


def cross_validate(  # noqa: PLR0913 - each is a choice of the caller
    recordings: Sequence[Recording],
    artists: Mapping[str, str],
    *,
    seed: int,
    repeats: int = REPEATS,
    iterations: int | None = None,
    thread_count: int = 1,
    progress: Callable[[float], None] | None = None,
) -> Folds:
    """Judge every track by a model fitted without it and without its artist.

    Args:
        recordings: tracks with tags.
        artists: artist of each track, as far as known; others stand alone.
        seed: seed of the folds; each repeat uses the next one.
        repeats: how often the folds are drawn.
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
        for number, (learned, held) in enumerate(draw_folds(genres, groups, seed + repeat)):
            fitted = fit(
                [recordings[i] for i in learned],
                seed=seed,
                iterations=iterations,
                thread_count=thread_count,
            )
            probabilities[repeat, held] = fitted.predict(rows[held])
            fold[repeat, held] = number
            if progress:
                progress((repeat * FOLDS + number + 1) / (repeats * FOLDS))
    return Folds(genres, groups, probabilities, fold)


def groups_of(recordings: Sequence[Recording], artists: Mapping[str, str]) -> NDArray[np.int_]:
    """Number the artists; a track of an unknown artist is one by itself. Shape (n,)."""
    names = [artists.get(own.track, f"?{own.track}") for own in recordings]
    numbers: NDArray[np.int_] = np.unique(names, return_inverse=True)[1]
    return numbers


def draw_folds(
    genres: NDArray[np.int_], groups: NDArray[np.int_], seed: int
) -> list[tuple[NDArray[np.int_], NDArray[np.int_]]]:
    """Draw folds with all genres alike and no artist on two sides.

    Args:
        genres: places in ``GENRES``, shape (n,).
        groups: number of each track's artist, shape (n,).
        seed: seed of the drawing.

    Returns:
        For each fold the places of the tracks to learn from, and of those held out.

    Raises:
        DataError: too few artists of a genre.

    """
    for genre, name in enumerate(GENRES):
        if len(np.unique(groups[genres == genre])) < FOLDS:
            raise DataError(f"Cross-validation needs {FOLDS} artists at least of {name}.")
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    return list(folds.split(np.zeros(len(genres)), genres, groups))
