"""What is said about a track: a fold of its chunks' probabilities."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from shared.genres import GENRES

Rule = Literal["mean", "majority"]


class ChunkVerdict(BaseModel):
    """One chunk's own genre; times in seconds from the start of the track."""

    model_config = ConfigDict(frozen=True)

    start_s: float
    end_s: float
    genre: str
    probabilities: dict[str, float]


class Verdict(BaseModel):
    """A track's genre by both rules, and everything that led to it.

    ``genre`` and ``confidence`` follow the averaged probabilities (our rule);
    ``majority_genre`` is the most frequent class among the chunks (the original
    rule, ties going to the higher average). ``agreement`` is the share of chunks
    whose own genre is ``genre``.
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

    @classmethod
    def of(
        cls,
        probabilities: NDArray[np.float64],
        spans: Sequence[tuple[float, float]],
        *,
        duration_s: float,
        model: str,
    ) -> Self:
        """Fold chunk probabilities into a verdict.

        Args:
            probabilities: shape (chunks, genres), rows sum to 1, columns as ``GENRES``.
            spans: start and end of each chunk, in seconds.
            duration_s: length of the whole track, in seconds.
            model: name of the model that predicted.

        Raises:
            ValueError: no chunk at all, or shapes that do not fit.

        """
        if probabilities.ndim != 2 or probabilities.shape != (len(spans), len(GENRES)):  # noqa: PLR2004
            raise ValueError(f"{probabilities.shape} does not fit {len(spans)} chunks")
        if not len(spans):
            raise ValueError("a verdict needs at least one chunk")
        mean = probabilities.mean(axis=0)
        winners = probabilities.argmax(axis=1)
        votes = Counter(winners.tolist())
        majority = max(votes, key=lambda g: (votes[g], mean[g]))
        best = int(mean.argmax())
        ranked = sorted(range(len(GENRES)), key=lambda g: -mean[g])
        return cls(
            genre=GENRES[best],
            confidence=float(mean[best]),
            majority_genre=GENRES[majority],
            majority_share=votes[majority] / len(spans),
            agreement=votes[best] / len(spans),
            probabilities=_named(mean),
            top=[(GENRES[g], float(mean[g])) for g in ranked[:3]],
            chunks=[
                ChunkVerdict(
                    start_s=start, end_s=end, genre=GENRES[int(winner)], probabilities=_named(row)
                )
                for (start, end), winner, row in zip(spans, winners, probabilities, strict=True)
            ],
            duration_s=duration_s,
            model=model,
        )


def _named(row: NDArray[np.float64]) -> dict[str, float]:
    return {genre: float(p) for genre, p in zip(GENRES, row, strict=True)}
