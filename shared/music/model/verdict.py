"""The verdict on a track, made of the probabilities of its chunks and of the whole track."""

from collections import Counter
from collections.abc import Sequence
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from shared.domain.genres import GENRES
from shared.music.model.music_detector import Family

CANDIDATES_HOLD: Final = 0.8
"""An unsure verdict names the likeliest genres that together have this probability..."""
MOST_CANDIDATES: Final = 3
"""...or this number of genres, and two at least."""


class ChunkVerdict(BaseModel):
    """The genre of one chunk; times in seconds from the start of the track."""

    model_config = ConfigDict(frozen=True)

    start_s: float
    end_s: float
    genre: str
    probabilities: dict[str, float]


class Verdict(BaseModel):
    """The verdict on a track.

    Attributes:
        genre: the likeliest genre of the track.
        confidence: its probability.
        majority_genre: the most frequent genre among the chunks (the original rule); among
            equally frequent ones, the likelier one.
        majority_share: share of chunks with that genre.
        agreement: share of chunks whose own genre is ``genre``.
        probabilities: of all genres, for the track.
        top: the three likeliest genres and their probabilities.
        chunks: the chunks, in order.
        duration_s: length of the track, in seconds.
        model: name of the model.
        sure: whether the genre may be told without doubt.
        family: music, speech, noise or tone; only the genre of music is worth telling.
        candidates: the genre if it is sure, else the two or three genres to name.

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
    def of(  # noqa: PLR0913 - each is a part of the verdict
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
        """Make a verdict of probabilities.

        Args:
            probabilities: of the chunks, shape (chunks, genres), columns as ``GENRES``.
            spans: start and end of each chunk, in seconds.
            duration_s: length of the track, in seconds.
            model: name of the model.
            track: probabilities of the track, shape (genres,); by default the mean of the
                chunks' probabilities.
            sure_from: lowest confidence of a sure verdict.
            family: what the track is; a verdict on anything but music is never sure.

        Raises:
            ValueError: no chunks, or shapes that do not fit.

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
    """Return the two or three likeliest genres."""
    cumulative = mean[ranked].cumsum()
    enough = int(np.searchsorted(cumulative, CANDIDATES_HOLD)) + 1
    return [GENRES[g] for g in ranked[: min(max(enough, 2), MOST_CANDIDATES)]]


def _named(row: NDArray[np.float64]) -> dict[str, float]:
    return {genre: float(p) for genre, p in zip(GENRES, row, strict=True)}
