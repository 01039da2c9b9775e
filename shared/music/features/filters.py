"""Filters and window of the spectra: the numbers of librosa 0.11 and SciPy, by NumPy alone.

librosa has numba compile on import, for half a minute where nothing is compiled yet, and
``scipy.signal`` takes a second to load: too long for three tables. Every step rounds as
theirs does, so that the features stay those of the published tables.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.music.constants import N_BINS, N_CHROMA, N_FFT, SAMPLE_RATE

_MEL_HZ: Final = 200.0 / 3
"""Width of a mel below the knee, in hertz."""
_KNEE_HZ: Final = 1000.0
_KNEE_MEL: Final = _KNEE_HZ / _MEL_HZ
_LOG_STEP: Final = np.log(6.4) / 27.0
"""Natural logarithm of the ratio of frequencies one mel apart, above the knee."""

_OCTAVE_ZERO: Final = 16
"""What A above middle C is divided by to give the A that octaves are counted from."""
_CENTRE_OCTAVE: Final = 5.0
_OCTAVE_DEVIATION: Final = 2.0
"""Centre and standard deviation of the weight of octaves, in octaves."""


def hann(n: int) -> NDArray[np.float64]:
    """Return a periodic Hann window, float64 of shape (n,), n at least 2.

    0.5 + 0.5 cos x for n of n + 1 points x from -pi to pi: as
    ``scipy.signal.get_window("hann", n)``.
    """
    window: NDArray[np.float64] = 0.5 + 0.5 * np.cos(np.linspace(-np.pi, np.pi, n + 1)[:-1])
    return window


def mel_filters(sample_rate: int, n_fft: int, n_mels: int) -> NDArray[np.float32]:
    """Return triangular filters of equal area, evenly spaced in mel from zero to Nyquist.

    Scale and area are those of Slaney's Auditory Toolbox (Interval Research Corporation,
    technical report 1998-010). As ``librosa.filters.mel``, transposed.

    Args:
        sample_rate: in hertz, over 2000.
        n_fft: length of an analysis frame, in samples.
        n_mels: bands.

    Returns:
        float32 of shape (1 + n_fft // 2, n_mels).

    """
    bins = np.fft.rfftfreq(n_fft, 1.0 / sample_rate)
    edges = _mel_edges(sample_rate / 2, n_mels + 2)
    widths = np.diff(edges)[:, np.newaxis]
    ramps = np.subtract.outer(edges, bins)
    rising, falling = -ramps[:-2] / widths[:-1], ramps[2:] / widths[1:]
    # To single precision before the area, not after: librosa rounds twice.
    filters = np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
    filters *= (2.0 / (edges[2:] - edges[:-2]))[:, np.newaxis]
    return np.ascontiguousarray(filters.T)


def chroma_filters(tuning: float) -> NDArray[np.float32]:
    """Return what each bin of a frame of N_FFT samples gives to each pitch class, from C on.

    Ellis, "Chroma feature analysis and synthesis" (Columbia University, 2007): Gaussians
    around the pitch classes, normalized per bin, and weighted by a Gaussian over the
    octaves. As ``librosa.filters.chroma``, transposed.

    Args:
        tuning: by how much of a semitone the music is above A = 440 Hz.

    Returns:
        float32 of shape (N_BINS, N_CHROMA).

    """
    semitones = _semitones(tuning)
    widths = np.maximum(np.diff(semitones), 1.0)
    semitones = semitones[:-1]
    half = N_CHROMA / 2
    distances = semitones - np.arange(N_CHROMA)[:, np.newaxis]
    # Ten octaves up, where librosa takes the remainder: that decides the last bit.
    distances = np.remainder(distances + half + 10 * N_CHROMA, N_CHROMA) - half
    filters = np.exp(-0.5 * (2 * distances / widths) ** 2)
    filters /= np.sqrt(np.sum(filters**2, axis=0))
    octaves = semitones / N_CHROMA
    filters *= np.exp(-0.5 * ((octaves - _CENTRE_OCTAVE) / _OCTAVE_DEVIATION) ** 2)
    from_c = np.roll(filters, -3, axis=0)
    return np.ascontiguousarray(from_c.T, dtype=np.float32)


def _mel_edges(highest_hz: float, count: int) -> NDArray[np.float64]:
    """Return frequencies from zero to one over the knee, evenly spaced in mel."""
    highest = _KNEE_MEL + np.log(highest_hz / _KNEE_HZ) / _LOG_STEP
    mels = np.linspace(0.0, highest, count)
    edges: NDArray[np.float64] = _MEL_HZ * mels
    above = mels >= _KNEE_MEL
    edges[above] = _KNEE_HZ * np.exp(_LOG_STEP * (mels[above] - _KNEE_MEL))
    return edges


def _semitones(tuning: float) -> NDArray[np.float64]:
    """Return the pitch of N_BINS bins and the next, in semitones over the lowest A.

    The bin of 0 Hz has no pitch; Ellis puts it an octave and a half below the first.
    """
    hertz = np.arange(1, N_BINS + 1) * (SAMPLE_RATE / N_FFT)
    lowest_a = 440.0 * 2.0 ** (tuning / N_CHROMA) / _OCTAVE_ZERO
    semitones = N_CHROMA * np.log2(hertz / lowest_a)
    return np.concatenate(([semitones[0] - 1.5 * N_CHROMA], semitones))
