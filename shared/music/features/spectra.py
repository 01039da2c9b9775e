"""Spectra of a chunk, computed once for all features that need them.

Spectrograms have the shape (frames, bins), the transpose of librosa's, because the transform and
most of the computations after it run along a frame.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from shared.music.constants import (
    HOP_LENGTH,
    MEL_POWER_FLOOR,
    MEL_RANGE_DB,
    N_FFT,
    N_MELS,
    SAMPLE_RATE,
)
from shared.music.features.filters import hann, mel_filters


@dataclass(frozen=True, eq=False)
class Spectra:
    """Spectra of one chunk; float32 of shape (frames, bins) unless stated otherwise.

    Attributes:
        padded: the samples, padded at both ends by reflecting half a frame; shape
            (samples + N_FFT,).
        complex: short-time Fourier transform, complex64.
        magnitude: absolute value of ``complex``.
        power: square of ``magnitude``.
        mel_db: mel spectrogram in decibels, shape (frames, N_MELS).

    """

    padded: NDArray[np.float32]
    complex: NDArray[np.complex64]
    magnitude: NDArray[np.float32]
    power: NDArray[np.float32]
    mel_db: NDArray[np.float32]

    @classmethod
    def of(cls, samples: NDArray[np.float32]) -> Self:
        """Compute the spectra of samples, float32 of shape (n,), n greater than N_FFT / 2."""
        padded = np.pad(samples, N_FFT // 2, mode="reflect")
        spectrum = stft(padded)
        magnitude = np.abs(spectrum)
        power = np.square(magnitude)
        return cls(padded, spectrum, magnitude, power, power_to_db(melspectrogram(power)))


def stft(padded: NDArray[np.float32]) -> NDArray[np.complex64]:
    """Return the Hann-windowed short-time Fourier transform of padded samples.

    As in librosa it is computed in double precision and stored in single. Computing it in
    single precision would save half a millisecond, but sometimes move a rolloff by one bin.
    """
    frames = sliding_window_view(padded, N_FFT)[::HOP_LENGTH]
    return scipy.fft.rfft(frames * _hann(), axis=-1).astype(np.complex64)


def istft(spectrum: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Return the samples of a spectrogram of shape (frames, bins), the inverse of ``stft``.

    Frames are overlapped and added, divided by the sum of the squared windows, and the padding
    is cut off: HOP_LENGTH * (frames - 1) samples remain.
    """
    frames = scipy.fft.irfft(spectrum, n=N_FFT, axis=-1) * _hann32()
    samples = _overlap_add(frames)
    samples *= _inverse_window_sum(len(frames))
    return samples[N_FFT // 2 : -(N_FFT // 2)]


def melspectrogram(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the power of each mel band of a power spectrogram, shape (frames, N_MELS)."""
    mel: NDArray[np.float32] = power @ _mel_filters()
    return mel


def power_to_db(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Convert power to decibels, limited to MEL_RANGE_DB below the peak."""
    decibels = 10 * np.log10(np.maximum(power, np.float32(MEL_POWER_FLOOR)))
    clipped: NDArray[np.float32] = np.maximum(decibels, decibels.max() - np.float32(MEL_RANGE_DB))
    return clipped


def _overlap_add(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    hops = N_FFT // HOP_LENGTH
    blocks = np.zeros((len(frames) + hops - 1, HOP_LENGTH), np.float32)
    for hop in range(hops):
        blocks[hop : hop + len(frames)] += frames[:, hop * HOP_LENGTH : (hop + 1) * HOP_LENGTH]
    return blocks.reshape(-1)


@lru_cache(maxsize=1)
def _hann() -> NDArray[np.float64]:
    return hann(N_FFT)


@lru_cache(maxsize=1)
def _hann32() -> NDArray[np.float32]:
    return _hann().astype(np.float32)


@lru_cache(maxsize=4)
def _inverse_window_sum(frames: int) -> NDArray[np.float32]:
    squares = np.broadcast_to(_hann32() ** 2, (frames, N_FFT))
    total = _overlap_add(squares)
    # The window is zero at its first sample, so the first sample of the padding has no weight.
    return np.divide(1, total, out=np.zeros_like(total), where=total > 0)


@lru_cache(maxsize=1)
def _mel_filters() -> NDArray[np.float32]:
    return mel_filters(SAMPLE_RATE, N_FFT, N_MELS)
