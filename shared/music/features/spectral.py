"""Features of single frames, as librosa defines them: level, spectral shape, crossings, MFCC."""

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from shared.music.constants import (
    HOP_LENGTH,
    N_BINS,
    N_FFT,
    N_MFCC,
    ROLLOFF_SHARE,
    SAMPLE_RATE,
    ZERO_CROSSING_FLOOR,
)


def rms(padded: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the root mean square of each frame of padded samples, shape (frames,)."""
    return np.sqrt(_frame_sums(np.square(padded, dtype=np.float64)) / N_FFT)


def zero_crossing_rate(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the share of samples in each frame whose sign differs from the sample before.

    Frames are centred, and the signal is padded with its first and last values. The first
    sample of a frame is not compared with the sample before the frame.
    """
    negative = samples < -ZERO_CROSSING_FLOOR
    crossings = np.zeros(len(samples) + N_FFT, np.bool_)
    inside = crossings[N_FFT // 2 : N_FFT // 2 + len(samples)]
    np.not_equal(negative[1:], negative[:-1], out=inside[1:])
    counts = _frame_sums(crossings)
    return (counts - crossings[: len(counts) * HOP_LENGTH : HOP_LENGTH]) / N_FFT


def spectral_centroid_and_bandwidth(
    magnitude: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation of the frequency, weighted by magnitude, in hertz.

    Both are 0 for a frame of silence. The variance is the second moment minus the squared
    mean, in double precision: cancellation costs about 1e-7 Hz².

    Args:
        magnitude: shape (frames, bins).

    Returns:
        Two arrays of shape (frames,).

    """
    total, first, second = (magnitude.astype(np.float64) @ _frequency_powers()).T
    total = np.where(total < np.finfo(np.float32).tiny, 1, total)
    centroid = first / total
    return centroid, np.sqrt(np.maximum(second / total - centroid**2, 0))


def spectral_rolloff(magnitude: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the frequency below which ROLLOFF_SHARE of a frame's magnitude lies, in hertz.

    Args:
        magnitude: shape (frames, bins).

    Returns:
        Shape (frames,).

    """
    # Summed in single precision, as for the published tables: where a sum equals the threshold,
    # double precision would give the next bin.
    running = np.cumsum(magnitude, axis=1)
    below = running < ROLLOFF_SHARE * running[:, -1:]
    bins: NDArray[np.intp] = np.count_nonzero(below, axis=1)
    return bins * np.float64(SAMPLE_RATE / N_FFT)


def mfcc(mel_db: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the first N_MFCC mel-frequency cepstral coefficients, shape (frames, N_MFCC).

    Args:
        mel_db: mel spectrogram in decibels, shape (frames, bands).

    """
    cepstrum: NDArray[np.float32] = scipy.fft.dct(mel_db, axis=1, type=2, norm="ortho")
    return cepstrum[:, :N_MFCC]


def _frame_sums(values: NDArray[np.float64] | NDArray[np.bool_]) -> NDArray[np.float64]:
    """Sum each analysis frame, by sums of single hops that neighbouring frames share."""
    hops = len(values) // HOP_LENGTH
    sums = values[: hops * HOP_LENGTH].reshape(hops, HOP_LENGTH).sum(axis=1, dtype=np.float64)
    framed: NDArray[np.float64] = sliding_window_view(sums, N_FFT // HOP_LENGTH).sum(axis=1)
    return framed


@lru_cache(maxsize=1)
def _frequency_powers() -> NDArray[np.float64]:
    """Return 1, f and f² for the frequency f of every bin, shape (bins, 3)."""
    frequencies = np.arange(N_BINS, dtype=np.float64) * np.float64(SAMPLE_RATE / N_FFT)
    return np.vander(frequencies, 3, increasing=True)
