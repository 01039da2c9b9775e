"""A chunk's short-time spectra, computed once for every feature that needs them.

Frames stand in rows: a spectrogram here has the shape (frames, bins), the transpose of
librosa's, because the transform and most of what follows it run along a frame.
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
    """The transforms of one chunk; float32 of shape (frames, bins) where not said otherwise.

    Attributes:
        padded: the samples, reflected at both ends by half a frame; shape (samples + N_FFT,).
        complex: short-time Fourier transform, complex64.
        magnitude: its absolute value.
        power: the square of that.
        mel_db: mel spectrogram in decibels, shape (frames, N_MELS).

    """

    padded: NDArray[np.float32]
    complex: NDArray[np.complex64]
    magnitude: NDArray[np.float32]
    power: NDArray[np.float32]
    mel_db: NDArray[np.float32]

    @classmethod
    def of(cls, samples: NDArray[np.float32]) -> Self:
        """Transform samples, float32 of shape (n,) with n over half a frame."""
        padded = np.pad(samples, N_FFT // 2, mode="reflect")
        spectrum = stft(padded)
        magnitude = np.abs(spectrum)
        power = np.square(magnitude)
        return cls(padded, spectrum, magnitude, power, _decibels(power @ _mel_filters()))


def stft(padded: NDArray[np.float32]) -> NDArray[np.complex64]:
    """Return the Hann-windowed short-time Fourier transform of padded samples.

    Like librosa's: transformed in double precision, kept in single. A transform in single
    precision would save half a millisecond and move a rolloff by a bin now and then.
    """
    frames = sliding_window_view(padded, N_FFT)[::HOP_LENGTH]
    return scipy.fft.rfft(frames * _hann(), axis=-1).astype(np.complex64)


def istft(spectrum: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Return the samples of a spectrogram of shape (frames, bins).

    The inverse of ``stft`` by overlap-add, divided by the sum of the squared windows,
    without the half frames of padding: HOP_LENGTH * (frames - 1) samples.
    """
    frames = scipy.fft.irfft(spectrum, n=N_FFT, axis=-1) * _hann32()
    samples = _overlap_add(frames)
    samples *= _inverse_window_sum(len(frames))
    return samples[N_FFT // 2 : -(N_FFT // 2)]


def _overlap_add(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    parts = N_FFT // HOP_LENGTH
    blocks = np.zeros((len(frames) + parts - 1, HOP_LENGTH), np.float32)
    for part in range(parts):
        blocks[part : part + len(frames)] += frames[:, part * HOP_LENGTH : (part + 1) * HOP_LENGTH]
    return blocks.reshape(-1)


def _decibels(power: NDArray[np.float32]) -> NDArray[np.float32]:
    decibels = 10 * np.log10(np.maximum(power, np.float32(MEL_POWER_FLOOR)))
    clipped: NDArray[np.float32] = np.maximum(decibels, decibels.max() - np.float32(MEL_RANGE_DB))
    return clipped


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
    # The window starts at zero, so the very first sample (which is padding) has no weight.
    return np.divide(1, total, out=np.zeros_like(total), where=total > 0)


@lru_cache(maxsize=1)
def _mel_filters() -> NDArray[np.float32]:
    """Return Slaney's mel filters, shape (bins, N_MELS)."""
    return mel_filters(SAMPLE_RATE, N_FFT, N_MELS)
