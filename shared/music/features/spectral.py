"""Loudness, spectral shape and zero crossings, frame by frame, as librosa defines them."""

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from shared.music.constants import (
    HOP_LENGTH,
    N_BINS,
    N_FFT,
    ROLLOFF_SHARE,
    SAMPLE_RATE,
    ZERO_CROSSING_FLOOR,
)


def rms(padded: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the root mean square of each frame of padded samples, shape (frames,)."""
    return np.sqrt(_frame_sums(np.square(padded, dtype=np.float64)) / N_FFT)


def zero_crossing_rate(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the share of samples in each frame whose sign differs from the one before.

    Frames are centred, and the samples go on as they begin and end (a constant has no
    crossings); what a frame starts with is not compared with what came before it.
    """
    negative = samples < -ZERO_CROSSING_FLOOR
    crossings = np.zeros(len(samples) + N_FFT, np.bool_)
    inside = crossings[N_FFT // 2 : N_FFT // 2 + len(samples)]
    np.not_equal(negative[1:], negative[:-1], out=inside[1:])
    counts = _frame_sums(crossings)
    return (counts - crossings[: len(counts) * HOP_LENGTH : HOP_LENGTH]) / N_FFT


def centroid_and_bandwidth(
    magnitude: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation of frequency under each frame's magnitudes, in Hz.

    A frame of silence has both at zero. The variance is taken as the second moment less
    the squared mean, in double precision: that loses some 1e-7 Hz² to cancellation.
    """
    total, first, second = (magnitude.astype(np.float64) @ _frequency_powers()).T
    total = np.where(total < np.finfo(np.float32).tiny, 1, total)
    centroid = first / total
    return centroid, np.sqrt(np.maximum(second / total - centroid**2, 0))


def rolloff(magnitude: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the frequency below which ROLLOFF_SHARE of each frame's magnitude lies, in Hz."""
    # Summed in single precision, like the published tables: a sum that ends right at the
    # threshold would otherwise land one bin away.
    running = np.cumsum(magnitude, axis=1)
    below = running < ROLLOFF_SHARE * running[:, -1:]
    bins: NDArray[np.intp] = np.count_nonzero(below, axis=1)
    return bins * np.float64(SAMPLE_RATE / N_FFT)


def _frame_sums(values: NDArray[np.float64] | NDArray[np.bool_]) -> NDArray[np.float64]:
    """Add up each analysis frame, from sums over single hops that the frames share."""
    hops = len(values) // HOP_LENGTH
    sums = values[: hops * HOP_LENGTH].reshape(hops, HOP_LENGTH).sum(axis=1, dtype=np.float64)
    framed: NDArray[np.float64] = sliding_window_view(sums, N_FFT // HOP_LENGTH).sum(axis=1)
    return framed


@lru_cache(maxsize=1)
def _frequency_powers() -> NDArray[np.float64]:
    """Return 1, f and f² for every bin, shape (bins, 3)."""
    frequencies = np.arange(N_BINS, dtype=np.float64) * np.float64(SAMPLE_RATE / N_FFT)
    return np.vander(frequencies, 3, increasing=True)
