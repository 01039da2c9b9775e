"""Harmonic and percussive parts of a chunk (Fitzgerald, DAFX 2010), as in librosa.

A median over time keeps what lasts, a median over frequency keeps what strikes. The
medians are taken by a network of minima and maxima that works on whole blocks of the
spectrogram at once: the values are exactly those of ``scipy.ndimage.median_filter``,
some twenty times sooner.
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.music.constants import HPSS_KERNEL
from shared.music.features.spectra import Spectra, istft

_HALF_KERNEL: Final = HPSS_KERNEL // 2
_SORTED: Final = (HPSS_KERNEL + 1) // 2
"""Two sorted runs of this length, sharing one value, make up a kernel: a power of two."""

_BLOCK: Final = 24_000
"""Values handled at once: 32 runs of them should fit the cache of a core."""


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


def running_median(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the median of HPSS_KERNEL neighbours along the first axis.

    Args:
        values: shape (n, m) with n at least half a kernel, mirrored at both ends (the
            edge value repeated). A transposed array takes no longer.

    """
    mirrored = np.concatenate((values[:_HALF_KERNEL][::-1], values, values[-_HALF_KERNEL:][::-1]))
    width = max(1, _BLOCK // len(mirrored))
    starts = range(0, values.shape[1], width)
    blocks = (np.ascontiguousarray(mirrored[:, at : at + width]) for at in starts)
    return np.concatenate([_median(block) for block in blocks], axis=1)


def _median(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the kernel's median along the first axis, shape (n - HPSS_KERNEL + 1, m).

    Runs of 16 values that start at x and at x + 15 share the kernel's middle value, so
    that together they hold the kernel with that value twice. If it is at most the 16th
    smallest of the 32, the median is the 17th, otherwise the 16th.
    """
    runs = _sorted_runs(values)
    shift = _SORTED - 1
    count = len(runs[0]) - shift
    first = [run[:count] for run in runs]
    second = [run[shift:] for run in reversed(runs)]
    low = np.minimum(first[0], second[0])
    high = np.maximum(first[0], second[0])
    scratch = np.empty_like(low)
    for ours, theirs in zip(first[1:], second[1:], strict=True):
        np.maximum(low, np.minimum(ours, theirs, out=scratch), out=low)
        np.minimum(high, np.maximum(ours, theirs, out=scratch), out=high)
    middle = values[shift : shift + count]
    np.copyto(low, high, where=middle <= low)
    return low


def _sorted_runs(values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Return, for each start along the first axis, the 16 values from there in order.

    The k-th array holds the k-th smallest of each run. Runs are merged from two of half
    their length, so neighbours share the work.
    """
    runs = [values]
    while len(runs) < _SORTED:
        shift = len(runs)
        count = len(runs[0]) - shift
        runs = [run[:count] for run in runs] + [run[shift:] for run in runs]
        for low, high in _merge_network(len(runs)):
            runs[low], runs[high] = (
                np.minimum(runs[low], runs[high]),
                np.maximum(runs[low], runs[high]),
            )
    return runs


@lru_cache(maxsize=8)
def _merge_network(size: int) -> tuple[tuple[int, int], ...]:
    """Return Batcher's odd-even merge of two sorted halves, as pairs to put in order."""

    def merge(start: int, stop: int, step: int) -> list[tuple[int, int]]:
        if 2 * step >= stop - start:
            return [(start, start + step)]
        inner = merge(start, stop, 2 * step) + merge(start + step, stop, 2 * step)
        return inner + [(at, at + step) for at in range(start + step, stop - step, 2 * step)]

    return tuple(merge(0, size, 1))
