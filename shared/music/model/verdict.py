"""The verdict on a track, made of the probabilities of its chunks and of the whole track."""

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from shared.domain.genres import GENRES
from shared.music.model.music_detector import Family
from shared.music.model.reasons import Reason

CANDIDATES_HOLD: Final = 0.8
"""An unsure verdict names the likeliest genres that together have this probability..."""
MAX_CANDIDATES: Final = 3
"""...or this number of genres, and two at least."""

TOLD_SECTION_S: Final = 15.0
"""A track is told section by section if two sections of different labels are this long."""


class Tag(NamedTuple):
    """A tag that a track stands out by, in the tagger's spelling, and its likelihood."""

    name: str
    likelihood: float


class Section(BaseModel):
    """A part of a track whose sound stays alike; times in seconds from the start of the track.

    Attributes:
        start_s: its start.
        end_s: its end.
        genre: its likeliest genre.
        confidence: the probability of that genre.
        sure: whether the genre may be told without doubt.
        other_style: a style beyond the ten genres to tell instead, in the tagger's spelling.
        tags: what it stands out by.

    """

    model_config = ConfigDict(frozen=True)

    start_s: float
    end_s: float
    genre: str
    confidence: float
    sure: bool
    other_style: str | None
    tags: list[Tag]

    @property
    def label(self) -> str | None:
        """The genre where it is sure, else the style beyond the ten genres, else None."""
        return self.genre if self.sure else self.other_style

    def joined(self, following: Self) -> Self:
        """Join this section with the following one, which has the same label."""
        own, other = self.end_s - self.start_s, following.end_s - following.start_s
        confidence = (own * self.confidence + other * following.confidence) / (own + other)
        longer = self if own >= other else following
        return longer.model_copy(
            update={
                "start_s": self.start_s,
                "end_s": following.end_s,
                "confidence": confidence,
            }
        )


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
        other_style: a style beyond the ten genres to tell instead, in the tagger's spelling.
        tags: what the track stands out by, up to four.
        sections: the sections, in order; one where the sound does not change.
        reasons: reasons for ``genre``, then one against it.

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
    other_style: str | None = None
    tags: list[Tag] = []
    sections: list[Section] = []
    reasons: list[Reason] = []

    @property
    def by_section(self) -> bool:
        """Whether the track is told section by section."""
        long = (part for part in self.sections if part.end_s - part.start_s >= TOLD_SECTION_S)
        return self.family == "music" and len({part.label for part in long}) > 1

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
        other_style: str | None = None,
        tags: Sequence[Tag] = (),
        sections: Sequence[Section] = (),
        reasons: Sequence[Reason] = (),
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
            other_style: a style beyond the ten genres; a verdict with one is never sure.
            tags: what the track stands out by.
            sections: the sections.
            reasons: reasons for the likeliest genre.

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
        sure = family == "music" and other_style is None and bool(mean[best] >= sure_from)
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
            other_style=other_style,
            tags=list(tags),
            sections=list(sections),
            reasons=list(reasons),
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
    return [GENRES[g] for g in ranked[: min(max(enough, 2), MAX_CANDIDATES)]]


def _named(row: NDArray[np.float64]) -> dict[str, float]:
    return {genre: float(p) for genre, p in zip(GENRES, row, strict=True)}
