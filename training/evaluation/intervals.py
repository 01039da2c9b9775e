"""Scores of verdicts on tracks, with what chance could have done to them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, f1_score

from shared.domain.genres import GENRES
from shared.music.model.model_metadata import GenreScore, Interval, Level, Score

DRAWS: Final = 2000
"""Times that the artists are drawn anew for an interval."""
_TAILS: Final = (2.5, 97.5)
_LABELS: Final = tuple(range(len(GENRES)))


def score(  # noqa: PLR0913 - each is a fact that the score tells
    winners: NDArray[np.int_],
    genres: NDArray[np.int_],
    groups: NDArray[np.int_],
    *,
    split: str,
    n_chunks: int,
    seed: int,
    level: Level = "track",
) -> Score:
    """Score verdicts; repeats of the same tracks count as one, by their mean.

    Tracks of one artist resemble each other, so the intervals come from drawing artists
    with replacement (a cluster bootstrap), not tracks.

    Args:
        winners: what was told, places in ``GENRES``, shape (repeats, n).
        genres: the truth, shape (n,).
        groups: number of each track's artist, shape (n,).
        split: what to call these tracks.
        n_chunks: how many chunks they have.
        seed: seed of the drawing.
        level: what a verdict is about.

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
    """Say how each genre fares.

    Args:
        winners: what was told, shape (repeats, n).
        genres: the truth, shape (n,).

    """
    table = confusion(winners, genres)
    told = np.maximum(table.sum(axis=0), 1)
    there = table.sum(axis=1)
    return {
        name: GenreScore(
            tracks=int((genres == g).sum()),
            recall=float(table[g, g] / max(there[g], 1)),
            precision=float(table[g, g] / told[g]),
        )
        for g, name in enumerate(GENRES)
    }


def confusion(winners: NDArray[np.int_], genres: NDArray[np.int_]) -> NDArray[np.int_]:
    """Count what was told (columns) for what was true (rows), over all repeats."""
    true = np.tile(genres, len(winners))
    table: NDArray[np.int_] = confusion_matrix(true, winners.ravel(), labels=_LABELS)
    return table


def _macro_f1(winners: NDArray[np.int_], genres: NDArray[np.int_]) -> float:
    each = [
        f1_score(genres, told, labels=_LABELS, average="macro", zero_division=0.0)
        for told in winners
    ]
    return float(np.mean(each))


def _intervals(
    winners: NDArray[np.int_], genres: NDArray[np.int_], groups: NDArray[np.int_], seed: int
) -> tuple[Interval, Interval]:
    """Return the intervals of the accuracy and of the macro F1."""
    rng = np.random.default_rng(seed)
    counts = _counts_by_group(winners, genres, groups)
    draws = rng.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=DRAWS)
    # A genre that a draw leaves out altogether counts for nothing there, as in the score.
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
    """Count each artist's verdicts, shape (artists, repeats, true genres, told genres)."""
    artists = np.unique(groups, return_inverse=True)[1]
    n_genres = len(GENRES)
    counts = np.zeros((artists.max() + 1, len(winners), n_genres, n_genres))
    for repeat, told in enumerate(winners):
        np.add.at(counts, (artists, np.full(len(told), repeat), genres, told), 1)
    return counts


def _middle(values: NDArray[np.float64]) -> Interval:
    low, high = np.percentile(values, _TAILS)
    return float(low), float(high)
