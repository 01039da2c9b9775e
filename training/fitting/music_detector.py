"""Fits the music detector: the data set's music against synthesized speech, noise and tones."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from shared.music.features.fast import analyse_chunk
from shared.music.model.music_detector import (
    COLUMN_NAMES,
    FAMILIES,
    Family,
    MusicDetectorParameters,
    columns_of,
)
from shared.music.tagging.chunk_tags import chunk_tags
from shared.music.tagging.tagger import Tagger
from training.data.gtzan import DataError
from training.fitting.classifier import track_weights
from training.sounds.clips import clips
from training.sounds.recording_conditions import recorded
from training.sounds.signals import at_level

CLIPS: Final[Mapping[Family, int]] = {"music": 40, "speech": 9, "noise": 16, "tone": 22}
"""Clips of each kind, of one chunk each: about 690 in all."""

SYNTHETIC_SHARE: Final = 0.2
"""Share, by weight, of the music that is synthetic or degraded as in a room or by telephone."""

DEGRADED_DBFS: Final = -20.0
"""RMS level of degraded music, in dB full scale."""

LEFT_OUT: Final = ("harmony_mean", "perceptr_mean", "tempo")
"""Columns without information here: DC offsets, and a tempo that noise has as well."""

BOUND: Final = 4.0
"""Standardised values are clipped to this many standard deviations of music."""

PENALTY: Final = 100.0
"""scikit-learn's C, with weights of each family that sum to 1."""

_DIGITS: Final = 6


@dataclass(frozen=True, eq=False)
class Sounds:
    """Features and tags of synthesized chunks.

    Attributes:
        features: float64 of shape (chunks, 57), columns as ``FEATURE_NAMES``.
        tags: float32 of shape (chunks, 50), columns as ``TAG_NAMES``.
        families: family of each chunk, shape (chunks,).
        kinds: kind of each chunk within its family, shape (chunks,).

    """

    features: NDArray[np.float64]
    tags: NDArray[np.float32]
    families: NDArray[np.str_]
    kinds: NDArray[np.str_]


def synthesize_sounds(
    seed: int,
    numbers: Mapping[Family, int] = CLIPS,
    kinds: Collection[str] | None = None,
    tagger: Tagger | None = None,
    recordings: Iterable[NDArray[np.float32]] = (),
) -> Sounds:
    """Synthesize sounds and compute their features and tags, by the same pipeline as an upload.

    Recordings of music are degraded as in rooms and by telephone, so that music with such
    acoustics is not taken for speech.

    Args:
        seed: seed of the sounds.
        numbers: clips of each kind, by family, each of one chunk.
        kinds: the kinds to make; all by default.
        tagger: a loaded tagger; loaded here by default.
        recordings: chunks of music, as ``analyse_chunk`` takes them, none silent.

    Raises:
        DataError: no kind is asked for.
        SpeechError: speech is asked for and espeak-ng is not installed.

    """
    tagger = tagger or Tagger.load()
    rows = [*_synthesized(seed, numbers, kinds, tagger), *_recorded_music(seed, recordings, tagger)]
    if not rows:
        raise DataError("No kind of sound is asked for.")
    features, tags, families, names = zip(*rows, strict=True)
    return Sounds(np.stack(features), np.stack(tags), np.array(families), np.array(names))


def fit_music_detector(
    features: NDArray[np.float64],
    tags: NDArray[np.floating],
    tracks: NDArray[np.str_],
    seed: int,
    *,
    sounds: Sounds | None = None,
) -> MusicDetectorParameters:
    """Fit the music detector.

    Args:
        features: shape (n, 57), chunks of music, columns as ``FEATURE_NAMES``.
        tags: shape (n, 50), their tags, columns as ``TAG_NAMES``; rows with NaN are left out.
        tracks: shape (n,), track of each chunk; every track has the same weight.
        seed: seed of the synthesized sounds.
        sounds: from ``synthesize_sounds``; made here by default, which takes minutes.

    Raises:
        DataError: there is no music, or a family of sounds is missing.
        SpeechError: espeak-ng is not installed.

    """
    known = ~np.isnan(tags).any(axis=1)
    if not known.any():
        raise DataError("The music detector cannot be fitted without music that has tags.")
    sounds = synthesize_sounds(seed) if sounds is None else sounds
    if missing := sorted(set(FAMILIES) - set(sounds.families.tolist())):
        raise DataError(f"The music detector needs sounds of: {', '.join(missing)}.")
    columns = tuple(name for name in COLUMN_NAMES if name not in LEFT_OUT)
    indices = [COLUMN_NAMES.index(name) for name in columns]
    music = columns_of(features[known], tags[known])[:, indices]
    others = columns_of(sounds.features, sounds.tags)[:, indices]
    # Rounded before the fit, so that the weights match the values in the metadata.
    means = _rounded(music.mean(axis=0))
    scales = _rounded(np.maximum(music.std(axis=0), 10.0**-_DIGITS))
    table = np.clip((np.vstack((music, others)) - means) / scales, -BOUND, BOUND)
    labels = np.concatenate((np.full(len(music), "music"), sounds.families))
    real = track_weights(tracks[known]) * (1 - SYNTHETIC_SHARE) / len(music)
    weights, bias = _regression(table, labels, np.concatenate((real, _weights(sounds.families))))
    return MusicDetectorParameters(
        columns=columns,
        means=tuple(means.tolist()),
        scales=tuple(scales.tolist()),
        bound=BOUND,
        weights=tuple(tuple(row) for row in _rounded(weights).tolist()),
        bias=tuple(_rounded(bias).tolist()),
    )


def _regression(
    table: NDArray[np.float64], labels: NDArray[np.str_], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit weights, shape (4, columns), and biases, shape (4,), in the order of ``FAMILIES``."""
    model = LogisticRegression(C=PENALTY, max_iter=5000, tol=1e-6)
    # Threads do not pay for matrices this small: on a busy machine they make a fit a hundred
    # times slower.
    with threadpool_limits(1):
        model.fit(table, labels, sample_weight=weights)
    order = [model.classes_.tolist().index(family) for family in FAMILIES]
    return model.coef_[order], model.intercept_[order]


def _synthesized(
    seed: int, numbers: Mapping[Family, int], kinds: Collection[str] | None, tagger: Tagger
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float32], str, str]]:
    for clip in clips(seed, numbers, 1, kinds):
        yield *_features_and_tags(clip.samples[0], tagger), clip.family, clip.kind


def _recorded_music(
    seed: int, recordings: Iterable[NDArray[np.float32]], tagger: Tagger
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float32], str, str]]:
    rng = np.random.default_rng(seed)
    for samples in recordings:
        degraded = at_level(recorded(rng, samples.astype(np.float64)), DEGRADED_DBFS)
        yield *_features_and_tags(degraded, tagger), "music", "recording"


def _features_and_tags(
    samples: NDArray[np.float32], tagger: Tagger
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    return analyse_chunk(samples).features, chunk_tags(tagger, samples)


def _weights(families: NDArray[np.str_]) -> NDArray[np.float64]:
    """Weight sounds so that each family sums to 1, synthetic music to its share."""
    weights = np.empty(len(families))
    for family in FAMILIES:
        share = SYNTHETIC_SHARE if family == "music" else 1.0
        weights[families == family] = share / max(1, (families == family).sum())
    return weights


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round to six significant digits: people read the metadata too."""
    texts = [f"{value:.{_DIGITS}g}" for value in values.ravel().tolist()]
    return np.array(texts, np.float64).reshape(values.shape)
