"""Chroma and the tuning estimate behind it, as librosa computes them."""

from functools import lru_cache
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.music.constants import (
    N_CHROMA,
    N_FFT,
    SAMPLE_RATE,
    TUNING_PEAK_SHARE,
    TUNING_RANGE_HZ,
    TUNING_STEPS,
)
from shared.music.features.filters import chroma_filters

_BIN_HZ: Final = SAMPLE_RATE / N_FFT
_LOWEST, _END = (ceil(hertz / _BIN_HZ) for hertz in TUNING_RANGE_HZ)
_OCTAVE_ZERO_HZ: Final = 440 / 16
_TUNING_EDGES: Final = np.linspace(-0.5, 0.5, TUNING_STEPS + 1)


def chroma_stft(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the energy of each pitch class, scaled so that each frame's maximum is 1.

    Args:
        power: power spectrogram of shape (frames, bins).

    Returns:
        Shape (frames, N_CHROMA); zeros for a frame of silence.

    """
    raw = power @ _filters(estimate_tuning(power))
    strongest = raw.max(axis=1, keepdims=True)
    strongest[strongest < np.finfo(np.float32).tiny] = 1
    scaled: NDArray[np.float32] = raw / strongest
    return scaled


def estimate_tuning(power: NDArray[np.float32]) -> float:
    """Return the deviation from A = 440 Hz in fractions of a semitone, in [-0.5, 0.5).

    It is the most frequent deviation among the stronger half of the spectral peaks, or 0 where
    there are no peaks. Every step rounds as librosa's does, because one peak in another bin of
    the histogram can change the result.
    """
    pitches, peaks = _spectral_peaks(power)
    if not len(pitches):
        return 0.0
    pitches = pitches[peaks >= np.median(peaks)]
    residual = np.mod(N_CHROMA * np.log2(pitches / _OCTAVE_ZERO_HZ), 1.0)
    residual[residual >= 0.5] -= 1.0  # noqa: PLR2004 - half a semitone
    counts, _ = np.histogram(residual, _TUNING_EDGES)
    return float(_TUNING_EDGES[np.argmax(counts)])


def warm_up() -> None:
    """Compute and cache the filters of all tunings (5 MB, about 20 ms)."""
    for tuning in _TUNING_EDGES[:-1]:
        _filters(float(tuning))


def _spectral_peaks(
    power: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return frequency (hertz) and height of the peaks, by parabolic interpolation."""
    floor = np.float32(TUNING_PEAK_SHARE) * power.max(axis=1, keepdims=True)
    below, here, above = (power[:, _LOWEST + step : _END + step] for step in (-1, 0, 1))
    frame, offset = np.nonzero((here > floor) & (here > below) & (here >= above))
    left, centre, right = below[frame, offset], here[frame, offset], above[frame, offset]
    curvature = (left + right).astype(np.float64) - 2 * centre.astype(np.float64)
    slope = (right - left).astype(np.float64) / 2
    inside = np.abs(slope) < np.abs(curvature)
    shift = np.zeros_like(centre)
    shift[inside] = -slope[inside] / curvature[inside]
    pitch = ((_LOWEST + offset + shift) * _BIN_HZ).astype(np.float32)
    return pitch, np.asarray(centre + (right - left) / 2 * shift / 2, np.float32)


@lru_cache(maxsize=TUNING_STEPS)
def _filters(tuning: float) -> NDArray[np.float32]:
    return chroma_filters(tuning)
