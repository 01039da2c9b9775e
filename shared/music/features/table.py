"""Columns of the published GTZAN table ``features_3_sec.csv``, and what is kept of a chunk.

The tables were made with a librosa of 2020. These details were found by comparing with them:
chunks lack the last sample of three seconds, frames are padded by reflection, the tuning of the
chroma is estimated per chunk, variances are population variances, and harmonic and percussive
signals end with the last whole hop.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.music.constants import N_MFCC

RECIPE_VERSION: Final = "gtzan-57/1"
"""Version of what the columns mean. A model fits only the version that it was trained on."""

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
"""The 57 columns, in the order of the published table."""


@dataclass(frozen=True, eq=False)
class ChunkAnalysis:
    """Features and mel spectrogram of a chunk.

    Attributes:
        features: float64 of shape (57,), in the order of ``FEATURE_NAMES``.
        mel_db: float32 of shape (N_MELS, N_FRAMES): mel spectrogram in decibels of power,
            limited to 80 dB below its peak; row 0 is the lowest band.

    """

    features: NDArray[np.float64]
    mel_db: NDArray[np.float32]
