"""What is said about a track: a fold of its chunks' probabilities."""

from collections import Counter
from collections.abc import Sequence
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from shared.domain.genres import GENRES
from shared.music.model.families import Family

Rule = Literal["mean", "majority"]

CANDIDATES_HOLD: Final = 0.8
"""An unsure verdict names genres until they hold this share of the probability, or are three."""
MOST_CANDIDATES: Final = 3


class ChunkVerdict(BaseModel):
    """One chunk's own genre; times in seconds from the start of the track."""

    model_config = ConfigDict(frozen=True)

    start_s: float
    end_s: float
    genre: str
    probabilities: dict[str, float]


class Verdict(BaseModel):
    """A track's genre by both rules, and everything that led to it.

    ``genre`` and ``confidence`` are the model's for the whole track; ``sure`` says whether
    they may be told without doubt, else ``candidates`` are the genres to name. ``family``
    is what the track is at all: only music has a genre worth telling. ``majority_genre``
    is the most frequent class among the chunks (the original rule, ties going to the
    higher average). ``agreement`` is the share of chunks whose own genre is ``genre``.
    """

    model_config = ConfigDict(frozen=True)

    genre: str
    confidence: float
    majority_genre: str
    majority_share: float
    agreement: float
    probabilities: dict[str, float]
    top: list[tuple[str, float]]
    chunks: list[ChunkVerdict]
    duration_s: float
    model: str
    sure: bool = True
    family: Family = "music"
    candidates: list[str] = []

    @classmethod
    def of(  # noqa: PLR0913 - each is one thing that a verdict tells
        cls,
        probabilities: NDArray[np.float64],
        spans: Sequence[tuple[float, float]],
        *,
        duration_s: float,
        model: str,
        track: NDArray[np.float64] | None = None,
        sure_from: float = 0.0,
        family: Family = "music",
    ) -> Self:
        """Fold chunk probabilities into a verdict.

        Args:
            probabilities: shape (chunks, genres), rows sum to 1, columns as ``GENRES``.
            spans: start and end of each chunk, in seconds.
            duration_s: length of the whole track, in seconds.
            model: name of the model that predicted.
            track: probabilities of the whole track, shape (genres,); the mean of the
                chunks' where it is left out.
            sure_from: probability from which the genre may be told without doubt.
            family: what the track is at all; other than music, no genre is sure.

        Raises:
            ValueError: no chunk at all, or shapes that do not fit.

        """
        if probabilities.ndim != 2 or probabilities.shape != (len(spans), len(GENRES)):  # noqa: PLR2004
            raise ValueError(f"{probabilities.shape} does not fit {len(spans)} chunks")
        if not len(spans):
            raise ValueError("a verdict needs at least one chunk")
        mean = probabilities.mean(axis=0) if track is None else track
        winners = probabilities.argmax(axis=1)
        votes = Counter(winners.tolist())
        majority = max(votes, key=lambda g: (votes[g], mean[g]))
        best = int(mean.argmax())
        ranked = sorted(range(len(GENRES)), key=lambda g: -mean[g])
        sure = family == "music" and bool(mean[best] >= sure_from)
        return cls(
            genre=GENRES[best],
            confidence=float(mean[best]),
            majority_genre=GENRES[majority],
            majority_share=votes[majority] / len(spans),
            agreement=votes[best] / len(spans),
            probabilities=_named(mean),
            top=[(GENRES[g], float(mean[g])) for g in ranked[:3]],
            sure=sure,
            family=family,
            candidates=[GENRES[best]] if sure else _candidates(mean, ranked),
            chunks=[
                ChunkVerdict(
                    start_s=start, end_s=end, genre=GENRES[int(winner)], probabilities=_named(row)
                )
                for (start, end), winner, row in zip(spans, winners, probabilities, strict=True)
            ],
            duration_s=duration_s,
            model=model,
        )


def _candidates(mean: NDArray[np.float64], ranked: list[int]) -> list[str]:
    """Name the two or three genres that hold most of the probability."""
    held = mean[ranked].cumsum()
    enough = int(np.searchsorted(held, CANDIDATES_HOLD)) + 1
    return [GENRES[g] for g in ranked[: min(max(enough, 2), MOST_CANDIDATES)]]


def _named(row: NDArray[np.float64]) -> dict[str, float]:
    return {genre: float(p) for genre, p in zip(GENRES, row, strict=True)}
