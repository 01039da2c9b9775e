"""Harmonic-percussive source separation (Fitzgerald, DAFX 2010), as in librosa.

A median over time keeps sustained sounds, a median over frequency keeps transients.
"""

import numpy as np
from numpy.typing import NDArray

from shared.music.features.median import running_median
from shared.music.features.spectra import Spectra, istft


def hpss(
    samples: NDArray[np.float32], spectra: Spectra
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Split samples into a harmonic and a percussive part.

    The two masks add up to 1 and the transform is linear, so the percussive part is the samples
    minus the harmonic part. After the last whole hop both parts are 0, because the published
    features were computed on an inverse transform without a given length.

    Args:
        samples: shape (n,).
        spectra: the spectra of these samples.

    Returns:
        The harmonic and the percussive part, each of shape (n,).

    """
    sustained = running_median(spectra.magnitude)
    transient = running_median(spectra.magnitude.T).T
    harmonic = istft(spectra.complex * _soft_mask(sustained, transient))
    tail = len(samples) - len(harmonic)
    percussive = samples[: len(harmonic)] - harmonic
    return np.pad(harmonic, (0, tail)), np.pad(percussive, (0, tail))


def _soft_mask(wanted: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the Wiener mask wanted² / (wanted² + other²), 0.5 where both are 0."""
    numerator = np.square(wanted)
    total = numerator + np.square(other)
    silent = total == 0
    np.copyto(numerator, 0.5, where=silent)
    np.copyto(total, 1, where=silent)
    mask: NDArray[np.float32] = numerator / total
    return mask
