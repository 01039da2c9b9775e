"""Reasons for a genre: what each idea that a listener knows adds to its score.

The scores of trees and discriminants are sums over columns: CatBoost's SHAP values, and products of
weights and standardized values. Adding one amount to all genres' scores changes no probability, so
each contribution is taken minus its mean over the genres. Contributions are then summed over the
columns of one idea, and the strongest ideas are put into words.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from shared.music.model.aggregation import AGGREGATE_NAMES, TAG_PREFIX
from shared.music.model.styles import NOT_TOLD
from shared.music.tagging.tagger import TAG_NAMES, tag_name

TAGS: Final = "tags"
TIMBRE: Final = "timbre"
IDEAS: Final[Mapping[str, tuple[str, ...]]] = {
    TAGS: (TAG_PREFIX,),
    TIMBRE: ("mfcc",),
    "brightness": (
        "spectral_centroid",
        "spectral_bandwidth",
        "rolloff",
        "zero_crossing_rate",
    ),
    "tempo": ("tempo",),
    "percussion": ("harmony", "perceptr"),
    "harmony": ("chroma_stft",),
    "dynamics": ("rms",),
}
"""The ideas, and how the names of their columns begin."""

SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "spectral_centroid_mean:mean": ("Its sound is bright.", "Its sound is dark."),
    "rolloff_mean:mean": ("Its sound is bright.", "Its sound is dark."),
    "spectral_bandwidth_mean:mean": ("Its sound is wide.", "Its sound is narrow."),
    "zero_crossing_rate_mean:mean": ("Its sound is rough.", "Its sound is smooth."),
    "spectral_centroid_var:mean": ("Its brightness varies a lot.", "Its brightness hardly varies."),
    "rolloff_var:mean": ("Its brightness varies a lot.", "Its brightness hardly varies."),
    "spectral_bandwidth_var:mean": (
        "Its brightness varies a lot.",
        "Its brightness hardly varies.",
    ),
    "zero_crossing_rate_var:mean": (
        "Noisy and tonal sounds alternate.",
        "Noisy and tonal sounds do not alternate.",
    ),
    "tempo:mean": ("Its beat is fast.", "Its beat is slow."),
    "tempo:std": ("Its beat varies.", "Its beat is steady."),
    "perceptr_var:mean": ("Its drums are strong.", "Its drums are weak."),
    "harmony_var:mean": ("Its sustained notes are strong.", "Its sustained notes are weak."),
    "chroma_stft_mean:mean": ("Many notes sound at once.", "Few notes sound at once."),
    "chroma_stft_var:mean": ("Its chords are clear.", "Its chords are blurred."),
    "rms_var:mean": ("Its loudness varies a lot.", "Its loudness hardly varies."),
}
"""What a column says by itself, above and below its mean over the training tracks."""

MAX_FOR: Final = 3
MAX_AGAINST: Final = 1
MAX_TAGS: Final = 3
MIN_SHARE: Final = 0.05
"""Share of all ideas' contributions below which an idea is not told."""


class Reason(BaseModel):
    """One idea's contribution to the score of the verdict's genre.

    Attributes:
        idea: a key of ``IDEAS``.
        value: the contribution, in nats before the temperature; negative speaks against.
        text: a sentence about the track.

    """

    model_config = ConfigDict(frozen=True)

    idea: str
    value: float
    text: str


def idea_of(column: str) -> str:
    """Return the idea that a column of ``AGGREGATE_NAMES`` belongs to."""
    return next(idea for idea, prefixes in IDEAS.items() if column.startswith(prefixes))


def find_reasons(
    contributions: NDArray[np.float64],
    row: NDArray[np.float64],
    means: NDArray[np.float64],
    genre: int,
) -> list[Reason]:
    """Return the strongest reasons for a genre, then the strongest one against it.

    Args:
        contributions: what each column adds to each genre's score, minus its mean over the
            genres; shape (10, 362).
        row: the track's aggregated row, shape (362,).
        means: the columns' means over the training tracks, shape (362,).
        genre: index of the genre in ``GENRES``.

    """
    own = contributions[genre]
    values = dict.fromkeys(IDEAS, 0.0)
    for column, value in zip(AGGREGATE_NAMES, own, strict=True):
        values[idea_of(column)] += float(value)
    total = sum(map(abs, values.values()))
    ranked = sorted(
        (idea for idea, value in values.items() if value and abs(value) >= MIN_SHARE * total),
        key=lambda idea: -abs(values[idea]),
    )
    found = [
        Reason(idea=idea, value=values[idea], text=text)
        for idea in ranked
        if (text := _text(idea, values[idea], own, row > means)) is not None
    ]
    pro = [reason for reason in found if reason.value > 0]
    contra = [reason for reason in found if reason.value < 0]
    return pro[:MAX_FOR] + contra[:MAX_AGAINST]


def _text(
    idea: str, value: float, own: NDArray[np.float64], above: NDArray[np.bool_]
) -> str | None:
    """Put an idea into words, by the column that contributes most in the idea's own direction.

    Args:
        idea: a key of ``IDEAS``.
        value: the idea's contribution.
        own: contributions of all columns to the genre.
        above: whether the track is above the mean of each column.

    Returns:
        A sentence; None where no column with a sentence has the idea's own direction.

    """
    pull = np.sign(value) * own
    if idea == TAGS:
        return _tags_text(pull, above)
    if idea == TIMBRE:
        return f"Its timbre is {'typical' if value > 0 else 'untypical'} of the genre."
    known = [
        (pull[index], SENTENCES[column][0 if above[index] else 1])
        for index, column in enumerate(AGGREGATE_NAMES)
        if column in SENTENCES and idea_of(column) == idea
    ]
    strongest, text = max(known)
    return text if strongest > 0 else None


def _tags_text(pull: NDArray[np.float64], above: NDArray[np.bool_]) -> str | None:
    """Name up to three tags that contribute most: those that stand out, and those that lack."""
    sums = dict.fromkeys(TAG_NAMES, 0.0)
    for column, value in zip(AGGREGATE_NAMES, pull, strict=True):
        if column.startswith(TAG_PREFIX):
            sums[column.split(":")[1]] += float(value)
    told = (tag for tag in TAG_NAMES if sums[tag] > 0 and tag not in NOT_TOLD)
    ranked = sorted(told, key=lambda tag: -sums[tag])
    present: list[str] = []
    absent: list[str] = []
    for tag in ranked[:MAX_TAGS]:
        stands_out = above[AGGREGATE_NAMES.index(f"{TAG_PREFIX}{tag}:mean")]
        (present if stands_out else absent).append(tag_name(tag))
    if present:
        lacks = f", and not of {_joined(absent, 'or')}" if absent else ""
        return f"It reminds of {_joined(present, 'and')}{lacks}."
    return f"It does not remind of {_joined(absent, 'or')}." if absent else None


def _joined(names: Sequence[str], conjunction: str) -> str:
    *others, last = names
    return f"{', '.join(others)} {conjunction} {last}" if others else last
