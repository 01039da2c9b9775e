"""Conversion between float samples and 16-bit PCM; the two functions are exact inverses."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.music.constants import PCM_FULL_SCALE

_LITTLE_ENDIAN: Final = np.dtype("<i2")


def to_pcm16(samples: NDArray[np.floating]) -> NDArray[np.int16]:
    """Round samples to 16 bits.

    Args:
        samples: any shape, full scale 1; values beyond full scale are clipped.

    Returns:
        Same shape, int16: ``samples * 32768`` rounded half to even.

    """
    scaled: NDArray[np.floating] = np.rint(samples * PCM_FULL_SCALE)
    return scaled.clip(-PCM_FULL_SCALE, PCM_FULL_SCALE - 1).astype(np.int16)


def from_pcm16(pcm: bytes | NDArray[np.int16]) -> NDArray[np.float32]:
    """Convert 16-bit PCM to floats k / 32768.

    Args:
        pcm: an int16 array of any shape, or its bytes in little-endian order.

    Returns:
        Same shape (one-dimensional for bytes), float32 in [-1, 1 - 1 / 32768].

    Raises:
        ValueError: an odd number of bytes.

    """
    whole = np.frombuffer(pcm, _LITTLE_ENDIAN) if isinstance(pcm, bytes) else pcm
    return whole.astype(np.float32) / np.float32(PCM_FULL_SCALE)
