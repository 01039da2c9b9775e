"""Onset strength and tempo, as librosa computes them."""

from functools import lru_cache
from typing import Final

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from shared.music.constants import (
    HOP_LENGTH,
    N_FFT,
    SAMPLE_RATE,
    TEMPO_MAX_BPM,
    TEMPO_PRIOR_BPM,
    TEMPO_WINDOW_SECONDS,
)
from shared.music.features.filters import hann

_WINDOW: Final = int(TEMPO_WINDOW_SECONDS * SAMPLE_RATE) // HOP_LENGTH
_TRANSFORM: Final = scipy.fft.next_fast_len(2 * _WINDOW - 1, real=True)
_ONSET_DELAY: Final = 1 + N_FFT // (2 * HOP_LENGTH)
"""Frames by which onset strength lags: one for the difference, and half an analysis frame."""


def onset_strength(mel_db: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the onset strength envelope: the median rise over the mel bands.

    Args:
        mel_db: dB mel spectrogram of shape (frames, bands).

    Returns:
        Decibels per frame, shape (frames,).

    """
    rise = np.maximum(0, np.diff(mel_db, axis=0))
    onsets = np.zeros(len(mel_db), np.float32)
    onsets[_ONSET_DELAY:] = np.median(rise, axis=1)[: len(mel_db) - _ONSET_DELAY]
    return onsets


def tempo(onsets: NDArray[np.float32]) -> float:
    """Return the tempo of an onset strength envelope, in beats per minute.

    The tempo is the period with the greatest autocorrelation, averaged over windows around
    every frame and weighted by a log-normal prior. Without onsets the prior alone decides.
    """
    half = _WINDOW // 2
    padded = np.pad(onsets, half, mode="linear_ramp")
    windows = sliding_window_view(padded, _WINDOW)[: len(onsets)] * _hann()
    # librosa divides each autocorrelation by its maximum, which is the window's energy. Dividing
    # the power spectra by the energies instead allows a single inverse transform of their mean.
    energy = np.einsum("ij,ij->i", windows, windows)
    weight = np.divide(1, energy, out=np.zeros_like(energy), where=energy > 0) / len(onsets)
    spectrum = scipy.fft.rfft(windows, n=_TRANSFORM, axis=1)
    power = weight @ (spectrum.real**2 + spectrum.imag**2)
    correlation = scipy.fft.irfft(power, n=_TRANSFORM)[1:_WINDOW]
    tempos, log_prior = _tempos()
    # Rounding can leave a correlation slightly below zero; log1p is still defined there.
    return float(tempos[np.argmax(np.log1p(1e6 * correlation) + log_prior)])


@lru_cache(maxsize=1)
def _hann() -> NDArray[np.float64]:
    return hann(_WINDOW)


@lru_cache(maxsize=1)
def _tempos() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the tempo of every lag from 1 frame on, and the logarithm of its prior."""
    tempos = 60 * SAMPLE_RATE / (HOP_LENGTH * np.arange(1.0, _WINDOW))
    log_prior = -0.5 * (np.log2(tempos) - np.log2(TEMPO_PRIOR_BPM)) ** 2
    log_prior[tempos >= TEMPO_MAX_BPM] = -np.inf
    return tempos, log_prior
