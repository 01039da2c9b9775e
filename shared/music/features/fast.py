"""The engine ``fast``: the 57 features from spectra that they share.

It computes the same numbers as ``features.reference``, which defines them, more than ten times
faster and without importing librosa. Tests and the benchmark compare the two.
"""

import numpy as np
from numpy.typing import NDArray

from shared.music.chunking import checked_chunk
from shared.music.constants import CHUNK_SAMPLES, SAMPLE_RATE
from shared.music.features import chroma
from shared.music.features.hpss import hpss
from shared.music.features.rhythm import onset_strength, tempo
from shared.music.features.spectra import Spectra
from shared.music.features.spectral import (
    mfcc,
    rms,
    spectral_centroid_and_bandwidth,
    spectral_rolloff,
    zero_crossing_rate,
)
from shared.music.features.table import ChunkAnalysis


def analyse_chunk(samples: NDArray[np.float32]) -> ChunkAnalysis:
    """Compute the features of one chunk.

    Args:
        samples: float32 of shape (CHUNK_HOP,) or (CHUNK_SAMPLES,), mono at SAMPLE_RATE,
            full scale 1. The last of CHUNK_HOP samples is not used. Silence has finite
            features.

    Raises:
        ValueError: another shape, or samples that are not finite.

    """
    chunk = checked_chunk(samples)
    spectra = Spectra.of(chunk)
    by_frame = (
        chroma.chroma_stft(spectra.power),
        rms(spectra.padded),
        *spectral_centroid_and_bandwidth(spectra.magnitude),
        spectral_rolloff(spectra.magnitude),
        zero_crossing_rate(chunk),
        *hpss(chunk, spectra),
    )
    features = (
        *(value for series in by_frame for value in (series.mean(), series.var())),
        tempo(onset_strength(spectra.mel_db)),
        *_mean_and_variance(mfcc(spectra.mel_db)),
    )
    return ChunkAnalysis(
        np.array(features, dtype=np.float64), np.ascontiguousarray(spectra.mel_db.T)
    )


def warm_up() -> None:
    """Fill all caches, so that the first chunk takes no longer than the others."""
    time = np.arange(CHUNK_SAMPLES, dtype=np.float32) / SAMPLE_RATE
    chroma.warm_up()
    analyse_chunk(np.sin(2 * np.pi * 440 * time, dtype=np.float32))


def _mean_and_variance(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return mean and variance of each column in turn, shape (2 * columns,)."""
    exact = values.astype(np.float64)
    return np.stack((exact.mean(axis=0), exact.var(axis=0)), axis=1).reshape(-1)
