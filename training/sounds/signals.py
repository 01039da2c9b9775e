"""Spectra, envelopes and levels that the synthesizers share."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.music.constants import SAMPLE_RATE

Wave = NDArray[np.float64]
"""Mono samples at ``SAMPLE_RATE`` of any level, shape (n,)."""

Synthesizer = Callable[[np.random.Generator, int], Wave]
"""Synthesizes a number of samples of one kind of sound, drawn from a generator."""

PEAK: Final = 0.98
"""Highest absolute sample after ``at_level``; full scale is 1."""


def seconds(n: int) -> Wave:
    """Return the time of each of n samples, in seconds."""
    return np.arange(n) / SAMPLE_RATE


def frequencies(n: int) -> Wave:
    """Return the frequency of each bin of the real transform of n samples, in hertz."""
    return np.fft.rfftfreq(n, 1 / SAMPLE_RATE).astype(np.float64)


def chance(rng: np.random.Generator, share: float) -> bool:
    """Return True with a probability from 0 to 1."""
    return bool(rng.random() < share)


def coloured(rng: np.random.Generator, n: int, exponent: float) -> Wave:
    """Draw noise whose power falls as frequency to the ``exponent``: 0 white, 1 pink, 2 brown.

    Below 20 Hz the spectrum is flat, which limits rumble.
    """
    spectrum = np.fft.rfft(rng.standard_normal(n))
    spectrum *= np.maximum(frequencies(n), 20) ** (-exponent / 2)
    return unit(np.fft.irfft(spectrum, n))


def band(wave: Wave, low_hz: float, high_hz: float, *, order: int = 4) -> Wave:
    """Band-pass with the magnitude response of a Butterworth filter.

    Applied to the whole spectrum: without delay, and circular at the ends.
    """
    bins = np.maximum(frequencies(wave.size), 1e-3)
    gain = 1 / np.sqrt((1 + (low_hz / bins) ** (2 * order)) * (1 + (bins / high_hz) ** (2 * order)))
    return np.fft.irfft(np.fft.rfft(wave) * gain, wave.size)


def random_gain(rng: np.random.Generator, n: int, rate_hz: float, depth_db: float) -> Wave:
    """Draw a slow random gain around 0 dB that changes about ``rate_hz`` times a second."""
    knots = max(2, round(n / SAMPLE_RATE * rate_hz) + 2)
    levels = rng.normal(0, depth_db / 2, knots)
    gain_db = np.interp(np.linspace(0, knots - 1, n), np.arange(knots), levels)
    return np.asarray(10 ** (gain_db / 20))


def overlaid(rng: np.random.Generator, n: int, count: int, event: Callable[[], Wave]) -> Wave:
    """Sum ``count`` events at random times."""
    out = np.zeros(n)
    for start in rng.integers(0, n, count):
        sound = event()[: n - start]
        out[start : start + sound.size] += sound
    return out


def unit(wave: Wave) -> Wave:
    """Scale to an RMS of 1; silence is unchanged."""
    rms = np.sqrt(np.mean(np.square(wave)))
    return wave / rms if rms else wave


def at_level(wave: Wave, rms_dbfs: float) -> NDArray[np.float32]:
    """Scale to an RMS level, or lower where the peak would exceed ``PEAK``.

    Args:
        wave: shape (n,), any level, n at least 1.
        rms_dbfs: RMS level, in dB full scale.

    Returns:
        float32 of shape (n,), rounded to 16 bits, as decoded files are.

    """
    scaled = unit(wave) * 10 ** (rms_dbfs / 20)
    peak = np.abs(scaled).max()
    if peak > PEAK:
        scaled *= PEAK / peak
    return (np.round(scaled * 32768) / 32768).astype(np.float32)
