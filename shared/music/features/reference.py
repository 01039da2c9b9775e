"""The engine ``librosa``: the 57 features as librosa calls, which define what they are.

Compare it with a manual; ``features.fast`` computes the same numbers faster. Importing this module
imports librosa. Run as a program, it analyses one chunk, so that numba compiles into its cache.
"""

import warnings
from typing import Final

import librosa
import numpy as np
from numpy.typing import NDArray

from shared.music.chunking import checked_chunk
from shared.music.constants import CHUNK_SAMPLES, N_MFCC, SAMPLE_RATE
from shared.music.features.table import ChunkAnalysis

PAD: Final = "reflect"
"""librosa before 0.10 padded frames by reflection, and the tables were made with such a version."""


def analyse_chunk(samples: NDArray[np.float32]) -> ChunkAnalysis:
    """Compute the features of one chunk; arguments and errors as ``fast.analyse_chunk``."""
    y, sr = checked_chunk(samples), SAMPLE_RATE

    mel_db = librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=sr, pad_mode=PAD))
    harmonic, percussive = librosa.decompose.hpss(librosa.stft(y, pad_mode=PAD))
    onset_envelope = librosa.onset.onset_strength(S=mel_db, sr=sr, aggregate=np.median)

    by_frame = (
        librosa.feature.chroma_stft(y=y, sr=sr, pad_mode=PAD),
        librosa.feature.rms(y=y, pad_mode=PAD),
        librosa.feature.spectral_centroid(y=y, sr=sr, pad_mode=PAD),
        librosa.feature.spectral_bandwidth(y=y, sr=sr, pad_mode=PAD),
        librosa.feature.spectral_rolloff(y=y, sr=sr, pad_mode=PAD),
        librosa.feature.zero_crossing_rate(y),
        librosa.util.fix_length(librosa.istft(harmonic), size=y.size),
        librosa.util.fix_length(librosa.istft(percussive), size=y.size),
    )
    mfcc = librosa.feature.mfcc(y=y, sr=sr, n_mfcc=N_MFCC, pad_mode=PAD)

    features = (
        *(value for series in by_frame for value in (series.mean(), series.var())),
        librosa.feature.tempo(onset_envelope=onset_envelope, sr=sr)[0],
        *(value for row in mfcc for value in (row.mean(), row.var())),
    )
    return ChunkAnalysis(np.array(features, dtype=np.float64), mel_db)


# A silent chunk has no peaks to tune by; its chroma is zero for any tuning.
warnings.filterwarnings("ignore", "Trying to estimate tuning from empty", UserWarning)


def warm_up() -> None:
    """Have numba load, or compile, every function that the features need."""
    noise = np.random.default_rng(1).standard_normal(CHUNK_SAMPLES)
    analyse_chunk((0.1 * noise).astype(np.float32))


if __name__ == "__main__":
    warm_up()
