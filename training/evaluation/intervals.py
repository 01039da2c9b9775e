"""Scores of predictions for tracks, with confidence intervals."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, f1_score

from shared.domain.genres import GENRES
from shared.music.model.model_metadata import GenreScore, Interval, Level, Score

DRAWS: Final = 2000
"""Bootstrap samples of an interval."""
_TAILS: Final = (2.5, 97.5)
_LABELS: Final = tuple(range(len(GENRES)))


def score(  # noqa: PLR0913 - fields of the score
    winners: NDArray[np.int_],
    genres: NDArray[np.int_],
    groups: NDArray[np.int_],
    *,
    split: str,
    n_chunks: int,
    seed: int,
    level: Level = "track",
) -> Score:
    """Score predictions; repeats over the same tracks are averaged.

    Tracks of one artist resemble each other, so the intervals are from a cluster bootstrap
    that draws artists, not tracks, with replacement.

    Args:
        winners: predicted genres, indices in ``GENRES``, shape (repeats, n).
        genres: true genres, shape (n,).
        groups: number of each track's artist, shape (n,).
        split: name of this set of tracks.
        n_chunks: number of chunks of the tracks.
        seed: seed of the bootstrap.
        level: unit of a prediction.

    """
    accuracy_interval, macro_f1_interval = _intervals(winners, genres, groups, seed)
    return Score(
        split=split,
        level=level,
        n_tracks=len(genres),
        n_chunks=n_chunks,
        macro_f1=_macro_f1(winners, genres),
        accuracy=float((winners == genres).mean()),
        macro_f1_interval=macro_f1_interval,
        accuracy_interval=accuracy_interval,
    )


def by_genre(winners: NDArray[np.int_], genres: NDArray[np.int_]) -> dict[str, GenreScore]:
    """Return recall and precision of each genre.

    Args:
        winners: predicted genres, shape (repeats, n).
        genres: true genres, shape (n,).

    """
    table = confusion(winners, genres)
    predicted = np.maximum(table.sum(axis=0), 1)
    true = np.maximum(table.sum(axis=1), 1)
    return {
        name: GenreScore(
            tracks=int((genres == g).sum()),
            recall=float(table[g, g] / true[g]),
            precision=float(table[g, g] / predicted[g]),
        )
        for g, name in enumerate(GENRES)
    }


def confusion(winners: NDArray[np.int_], genres: NDArray[np.int_]) -> NDArray[np.int_]:
    """Return the confusion matrix over all repeats: rows true, columns predicted."""
    true = np.tile(genres, len(winners))
    table: NDArray[np.int_] = confusion_matrix(true, winners.ravel(), labels=_LABELS)
    return table


def _macro_f1(winners: NDArray[np.int_], genres: NDArray[np.int_]) -> float:
    each = [
        f1_score(genres, predicted, labels=_LABELS, average="macro", zero_division=0.0)
        for predicted in winners
    ]
    return float(np.mean(each))


def _intervals(
    winners: NDArray[np.int_], genres: NDArray[np.int_], groups: NDArray[np.int_], seed: int
) -> tuple[Interval, Interval]:
    """Return the intervals of the accuracy and of the macro F1."""
    rng = np.random.default_rng(seed)
    counts = _counts_by_group(winners, genres, groups)
    draws = rng.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=DRAWS)
    # A genre that is missing in a bootstrap sample counts 0 there, as in the score.
    tables = np.tensordot(draws.astype(float), counts, axes=1)
    hits = np.trace(tables, axis1=2, axis2=3)
    accuracy = (hits / tables.sum(axis=(2, 3))).mean(axis=1)
    own = np.diagonal(tables, axis1=2, axis2=3)
    both = tables.sum(axis=2) + tables.sum(axis=3)
    f1 = (2 * own / np.maximum(both, 1)).mean(axis=2).mean(axis=1)
    return _middle(accuracy), _middle(f1)


def _counts_by_group(
    winners: NDArray[np.int_], genres: NDArray[np.int_], groups: NDArray[np.int_]
) -> NDArray[np.float64]:
    """Count predictions, shape (artists, repeats, true genres, predicted genres)."""
    artists = np.unique(groups, return_inverse=True)[1]
    n_genres = len(GENRES)
    counts = np.zeros((artists.max() + 1, len(winners), n_genres, n_genres))
    for repeat, predicted in enumerate(winners):
        np.add.at(counts, (artists, np.full(len(predicted), repeat), genres, predicted), 1)
    return counts


def _middle(values: NDArray[np.float64]) -> Interval:
    low, high = np.percentile(values, _TAILS)
    return float(low), float(high)
