"""Fitting the gate: music as the data set has it, against sounds of our making."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from services.trainer.data import DataError
from services.trainer.fit import track_weights
from services.trainer.sounds.catalogue import Family, clips
from shared.music.features import analyse_chunk
from shared.music.gate import COLUMN_NAMES, FAMILIES, GateParameters, columns_of
from shared.music.tagger import Tagger

CLIPS: Final[Mapping[Family, int]] = {"speech": 14, "noise": 14, "tone": 18}
"""Clips of each kind, of one chunk: some 600 in all, and each family about as many."""

LEFT_OUT: Final = ("harmony_mean", "perceptr_mean", "tempo")
"""Nothing to learn: offsets of the recording's zero line, and a tempo that any noise has."""

BOUND: Final = 4.0
"""Standard deviations of music that a chunk may be off at most."""

PENALTY: Final = 0.01
"""Inverse weight of the squared weights (scikit-learn's C)."""

HEARD_RMS: Final = 10 ** (-15 / 20)
"""Level at which the tagger hears a chunk, RMS, full scale at one."""

_DIGITS: Final = 6


@dataclass(frozen=True, eq=False)
class Sounds:
    """Chunks that are no music, as the gate sees them.

    Attributes:
        features: float64 of shape (chunks, 57), columns as ``FEATURE_NAMES``.
        tags: float32 of shape (chunks, 50), columns as ``TAG_NAMES``.
        families: family of each, shape (chunks,).
        kinds: kind of each within its family, shape (chunks,).

    """

    features: NDArray[np.float64]
    tags: NDArray[np.float32]
    families: NDArray[np.str_]
    kinds: NDArray[np.str_]


def hear(
    seed: int,
    numbers: Mapping[Family, int] = CLIPS,
    kinds: Collection[str] | None = None,
    tagger: Tagger | None = None,
) -> Sounds:
    """Synthesize sounds and send them through the chain that every track goes through.

    Args:
        seed: seed of the sounds.
        numbers: clips of each kind, by family, each of one chunk.
        kinds: which kinds to make; all where it is left out.
        tagger: the tagger, where one is loaded already.

    Raises:
        DataError: there is nothing to make.
        SpeechError: speech is asked for and espeak-ng is not there.

    """
    tagger = tagger or Tagger.load()
    heard = list(_heard(seed, numbers, kinds, tagger))
    if not heard:
        raise DataError("No kind of sound is asked for.")
    features, tags, families, names = zip(*heard, strict=True)
    return Sounds(np.stack(features), np.stack(tags), np.array(families), np.array(names))


def fit_gate(
    features: NDArray[np.float64],
    tags: NDArray[np.floating],
    tracks: NDArray[np.str_],
    seed: int,
    *,
    sounds: Sounds | None = None,
) -> GateParameters:
    """Fit the gate.

    Args:
        features: shape (n, 57), chunks of music, columns as ``FEATURE_NAMES``.
        tags: shape (n, 50), their tags, columns as ``TAG_NAMES``; rows with NaN are left out.
        tracks: shape (n,), each chunk's track; every track counts the same.
        seed: seed of the sounds that are synthesized.
        sounds: what is no music; synthesized where it is left out, which takes a while.

    Raises:
        DataError: there is no music, or a family of sounds is missing.
        SpeechError: espeak-ng is not there to read aloud.

    """
    known = ~np.isnan(tags).any(axis=1)
    if not known.any():
        raise DataError("The gate cannot be fitted without music that has tags.")
    sounds = hear(seed) if sounds is None else sounds
    if missing := sorted(set(FAMILIES) - {"music", *sounds.families.tolist()}):
        raise DataError(f"The gate has nothing to learn from for: {', '.join(missing)}.")
    columns = tuple(name for name in COLUMN_NAMES if name not in LEFT_OUT)
    places = [COLUMN_NAMES.index(name) for name in columns]
    music = columns_of(features[known], tags[known])[:, places]
    others = columns_of(sounds.features, sounds.tags)[:, places]
    # Rounded before the fit, so that the weights belong to what is written.
    means = _rounded(music.mean(axis=0))
    scales = _rounded(np.maximum(music.std(axis=0), 10.0**-_DIGITS))
    table = np.clip((np.vstack((music, others)) - means) / scales, -BOUND, BOUND)
    labels = np.concatenate((np.full(len(music), "music"), sounds.families))
    weights = np.concatenate((track_weights(tracks[known]), np.ones(len(others))))
    for family in FAMILIES:  # each family is as likely as any other
        weights[labels == family] *= len(labels) / len(FAMILIES) / weights[labels == family].sum()
    model = LogisticRegression(C=PENALTY, max_iter=2000)
    model.fit(table, labels, sample_weight=weights)
    order = [model.classes_.tolist().index(family) for family in FAMILIES]
    return GateParameters(
        columns=columns,
        means=tuple(means.tolist()),
        scales=tuple(scales.tolist()),
        bound=BOUND,
        weights=tuple(tuple(row) for row in _rounded(model.coef_[order]).tolist()),
        bias=tuple(_rounded(model.intercept_[order]).tolist()),
    )


def _heard(
    seed: int, numbers: Mapping[Family, int], kinds: Collection[str] | None, tagger: Tagger
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float32], str, str]]:
    for clip in clips(seed, numbers, 1, kinds):
        for samples in clip.samples:
            gain = HEARD_RMS / np.sqrt(np.mean(np.square(samples, dtype=np.float64)))
            tags = tagger.tag_chunk(samples * np.float32(gain))
            yield analyse_chunk(samples).features, tags, clip.family, clip.kind


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keep six digits that count: a sidecar is read by people too."""
    texts = [f"{value:.{_DIGITS}g}" for value in values.ravel().tolist()]
    return np.array(texts, np.float64).reshape(values.shape)
