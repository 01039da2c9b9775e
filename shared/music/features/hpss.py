"""Harmonic and percussive parts of a chunk (Fitzgerald, DAFX 2010), as in librosa.

A median over time keeps what lasts, a median over frequency keeps what strikes.
"""

import numpy as np
from numpy.typing import NDArray

from shared.music.features.median import running_median
from shared.music.features.spectra import Spectra, istft


def harmonic_percussive(
    samples: NDArray[np.float32], spectra: Spectra
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Split samples into a harmonic and a percussive part, each of the samples' length.

    The masks add up to one and the transform is linear, so the percussive part is what
    the harmonic one leaves of the samples. Behind the last whole hop both are zero: the
    published features were computed on an inverse transform without a given length.
    """
    lasting = running_median(spectra.magnitude)
    striking = running_median(spectra.magnitude.T).T
    harmonic = istft(spectra.complex * _soft_mask(lasting, striking))
    tail = len(samples) - len(harmonic)
    percussive = samples[: len(harmonic)] - harmonic
    return np.pad(harmonic, (0, tail)), np.pad(percussive, (0, tail))


def _soft_mask(wanted: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the Wiener mask wanted² / (wanted² + other²), one half where both are zero."""
    ours = np.square(wanted)
    total = ours + np.square(other)
    nothing = total == 0
    np.copyto(ours, 0.5, where=nothing)
    np.copyto(total, 1, where=nothing)
    mask: NDArray[np.float32] = ours / total
    return mask
