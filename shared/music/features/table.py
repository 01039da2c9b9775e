"""The 57 features of a 3-second chunk, as in the published GTZAN tables.

The tables were made with a librosa of 2020. Its recipe, found by measurement: chunks
one sample short of three seconds, frames padded by reflection, the tuning of the chroma
estimated per chunk, population variances, and harmonic and percussive signals without
their incomplete last hop. ``tests/music`` holds this module against plain librosa calls
and, where the data set is at hand, against every published row.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from shared.music.chunking import checked_chunk
from shared.music.constants import CHUNK_SAMPLES, N_MFCC, SAMPLE_RATE
from shared.music.features import chroma
from shared.music.features.hpss import harmonic_percussive
from shared.music.features.rhythm import onset_strength, tempo
from shared.music.features.spectra import Spectra
from shared.music.features.spectral import (
    centroid_and_bandwidth,
    rms,
    rolloff,
    zero_crossing_rate,
)

RECIPE_VERSION: Final = "gtzan-57/1"
"""Names the meaning of the columns; a model is only good for the recipe it was trained on."""

_BEFORE_TEMPO: Final = (
    "chroma_stft",
    "rms",
    "spectral_centroid",
    "spectral_bandwidth",
    "rolloff",
    "zero_crossing_rate",
    "harmony",
    "perceptr",
)
_STATISTICS: Final = ("mean", "var")

FEATURE_NAMES: Final[tuple[str, ...]] = (
    *(f"{name}_{statistic}" for name in _BEFORE_TEMPO for statistic in _STATISTICS),
    "tempo",
    *(f"mfcc{k}_{statistic}" for k in range(1, N_MFCC + 1) for statistic in _STATISTICS),
)
"""Columns of the published table, in its order."""


@dataclass(frozen=True, eq=False)
class ChunkAnalysis:
    """What is kept of a chunk.

    Attributes:
        features: float64 of shape (57,), in the order of ``FEATURE_NAMES``.
        mel_db: float32 of shape (N_MELS, N_FRAMES): the mel spectrogram in decibels of
            power, at most 80 dB deep; low bands first.

    """

    features: NDArray[np.float64]
    mel_db: NDArray[np.float32]


def analyse_chunk(samples: NDArray[np.float32]) -> ChunkAnalysis:
    """Compute the features of one chunk.

    Args:
        samples: float32 of shape (CHUNK_HOP,) or (CHUNK_SAMPLES,), mono at SAMPLE_RATE,
            full scale at one; the last of CHUNK_HOP samples is not used. Silence is
            fine: its features are finite.

    Raises:
        ValueError: another shape, or samples that are not finite.

    """
    chunk = checked_chunk(samples)
    spectra = Spectra.of(chunk)
    tracks = (
        chroma.pitch_classes(spectra.power),
        rms(spectra.padded),
        *centroid_and_bandwidth(spectra.magnitude),
        rolloff(spectra.magnitude),
        zero_crossing_rate(chunk),
        *harmonic_percussive(chunk, spectra),
    )
    features = (
        *(value for track in tracks for value in (track.mean(), track.var())),
        tempo(onset_strength(spectra.mel_db)),
        *_statistics_by_column(_mfcc(spectra.mel_db)),
    )
    return ChunkAnalysis(
        np.array(features, dtype=np.float64), np.ascontiguousarray(spectra.mel_db.T)
    )


def warm_up() -> None:
    """Fill every cache, so that the first real chunk takes no longer than the others."""
    time = np.arange(CHUNK_SAMPLES, dtype=np.float32) / SAMPLE_RATE
    chroma.warm_up()
    analyse_chunk(np.sin(2 * np.pi * 440 * time, dtype=np.float32))


def _mfcc(mel_db: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the first N_MFCC cepstral coefficients of each frame, shape (frames, N_MFCC)."""
    cepstrum: NDArray[np.float32] = scipy.fft.dct(mel_db, axis=1, type=2, norm="ortho")
    return cepstrum[:, :N_MFCC]


def _statistics_by_column(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return mean and variance of each column in turn, shape (2 * columns,)."""
    exact = values.astype(np.float64)
    return np.stack((exact.mean(axis=0), exact.var(axis=0)), axis=1).reshape(-1)
