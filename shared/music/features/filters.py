"""The mel scale, mel and chroma filters and the Hann window, equal to librosa's and SciPy's.

They are computed with NumPy, because librosa makes numba compile on import (half a minute where
its cache is empty) and ``scipy.signal`` takes a second to import. Every step rounds as theirs
does, so that the features stay equal to the published ones.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.music.constants import N_BINS, N_CHROMA, N_FFT, SAMPLE_RATE

_MEL_HZ: Final = 200.0 / 3
"""Width of a mel below the knee, in hertz."""
_KNEE_HZ: Final = 1000.0
"""Where the scale turns from linear to logarithmic."""
_KNEE_MEL: Final = _KNEE_HZ / _MEL_HZ
_LOG_STEP: Final = np.log(6.4) / 27.0
"""Natural logarithm of the ratio of two frequencies one mel apart, above the knee."""

_OCTAVE_ZERO: Final = 16
"""Octaves are counted from A above middle C divided by this."""
_CENTRE_OCTAVE: Final = 5.0
_OCTAVE_DEVIATION: Final = 2.0
"""Centre and standard deviation of the Gaussian weight of octaves, in octaves."""


def hann(n: int) -> NDArray[np.float64]:
    """Return a periodic Hann window, as ``scipy.signal.get_window("hann", n)``.

    Args:
        n: length, at least 2.

    Returns:
        float64 of shape (n,): 0.5 + 0.5 cos x at the first n of n + 1 points from -pi to pi.

    """
    window: NDArray[np.float64] = 0.5 + 0.5 * np.cos(np.linspace(-np.pi, np.pi, n + 1)[:-1])
    return window


def mel_filters(sample_rate: int, n_fft: int, n_mels: int) -> NDArray[np.float32]:
    """Return triangular mel filters, as ``librosa.filters.mel``, transposed.

    They have equal area and are evenly spaced in mel from zero to Nyquist, as in Slaney's
    Auditory Toolbox (Interval Research Corporation, technical report 1998-010).

    Args:
        sample_rate: in hertz, over 2000.
        n_fft: length of an analysis frame, in samples.
        n_mels: number of bands.

    Returns:
        float32 of shape (1 + n_fft // 2, n_mels).

    """
    bins = np.fft.rfftfreq(n_fft, 1.0 / sample_rate)
    edges = mel_frequencies(n_mels + 2, sample_rate / 2)
    widths = np.diff(edges)[:, np.newaxis]
    ramps = np.subtract.outer(edges, bins)
    rising, falling = -ramps[:-2] / widths[:-1], ramps[2:] / widths[1:]
    # Rounded to single precision before the area is applied, as librosa does.
    filters = np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
    filters *= (2.0 / (edges[2:] - edges[:-2]))[:, np.newaxis]
    return np.ascontiguousarray(filters.T)


def chroma_filters(tuning: float) -> NDArray[np.float32]:
    """Return chroma filters, as ``librosa.filters.chroma``, transposed.

    Ellis, "Chroma feature analysis and synthesis" (Columbia University, 2007): Gaussians
    around the pitch classes, normalized per bin, and weighted by a Gaussian over the octaves.

    Args:
        tuning: deviation from A = 440 Hz, in fractions of a semitone.

    Returns:
        float32 of shape (N_BINS, N_CHROMA), pitch classes from C on.

    """
    semitones = _semitones(tuning)
    widths = np.maximum(np.diff(semitones), 1.0)
    semitones = semitones[:-1]
    half = N_CHROMA / 2
    distances = semitones - np.arange(N_CHROMA)[:, np.newaxis]
    # librosa takes the remainder ten octaves up, which changes the last bit.
    distances = np.remainder(distances + half + 10 * N_CHROMA, N_CHROMA) - half
    filters = np.exp(-0.5 * (2 * distances / widths) ** 2)
    filters /= np.sqrt(np.sum(filters**2, axis=0))
    octaves = semitones / N_CHROMA
    filters *= np.exp(-0.5 * ((octaves - _CENTRE_OCTAVE) / _OCTAVE_DEVIATION) ** 2)
    from_c = np.roll(filters, -3, axis=0)
    return np.ascontiguousarray(from_c.T, dtype=np.float32)


def hz_to_mel(hertz: float) -> float:
    """Convert a frequency to mel on Slaney's scale: linear to 1 kHz, logarithmic above."""
    if hertz < _KNEE_HZ:
        return hertz / _MEL_HZ
    return float(_KNEE_MEL + np.log(hertz / _KNEE_HZ) / _LOG_STEP)


def mel_frequencies(n_mels: int, fmax: float) -> NDArray[np.float64]:
    """Return frequencies from 0 to ``fmax`` hertz, evenly spaced in mel, shape (n_mels,)."""
    mels = np.linspace(0.0, hz_to_mel(fmax), n_mels)
    frequencies: NDArray[np.float64] = _MEL_HZ * mels
    above = mels >= _KNEE_MEL
    frequencies[above] = _KNEE_HZ * np.exp(_LOG_STEP * (mels[above] - _KNEE_MEL))
    return frequencies


def _semitones(tuning: float) -> NDArray[np.float64]:
    """Return the pitch of bins 0 to N_BINS, in semitones above the lowest A.

    Bin 0 (0 Hz) has no pitch; Ellis sets it an octave and a half below bin 1.
    """
    hertz = np.arange(1, N_BINS + 1) * (SAMPLE_RATE / N_FFT)
    lowest_a = 440.0 * 2.0 ** (tuning / N_CHROMA) / _OCTAVE_ZERO
    semitones = N_CHROMA * np.log2(hertz / lowest_a)
    return np.concatenate(([semitones[0] - 1.5 * N_CHROMA], semitones))
