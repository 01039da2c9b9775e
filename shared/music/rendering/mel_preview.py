"""The mel preview: the spectrogram of a track as a small array of bytes.

It has one row per mel band (row 0 is the lowest) and a few columns per chunk. Bytes are decibels
on a fixed absolute scale, so that previews made by different workers can be joined.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.music.constants import CHUNK_SECONDS, N_FRAMES, N_MELS

MAX_COLUMNS: Final = 1200
"""Most columns of a preview; a picture cannot show more."""

FLOOR_DB: Final = -100.0
"""Decibels of byte 0, the smallest value of ``power_to_db`` (its ``amin`` is 1e-10)."""

CEILING_DB: Final = 60.0
"""Decibels of byte 255, above any full-scale sound (2048-point Hann frames)."""

DB_PER_STEP: Final = (CEILING_DB - FLOOR_DB) / 255
"""Decibels from one byte to the next (0.63)."""

_MOST_PER_CHUNK: Final = N_FRAMES - 1  # a chunk's last frame is centred in the next chunk
_FIRST_PER_CHUNK: Final = 128  # a power of two, so that it can be halved down to 1


def columns_per_chunk(n_chunks: int) -> int:
    """Return the columns for each of ``n_chunks``: 1 to 129, about ``MAX_COLUMNS`` in all."""
    return min(max(MAX_COLUMNS // max(n_chunks, 1), 1), _MOST_PER_CHUNK)


def mel_preview(
    mel_db: NDArray[np.float32], columns: int, *, length_s: float = CHUNK_SECONDS
) -> NDArray[np.uint8]:
    """Make the preview of one chunk.

    Args:
        mel_db: shape (128, frames), absolute decibels (``power_to_db`` with ``ref=1.0``).
        columns: number of columns, 1 to the number of frames.
        length_s: length of the track, in seconds, where it is shorter than a chunk. Such a
            track was repeated to fill the chunk. Only its own frames are shown, in no more
            columns than there are frames.

    Returns:
        Shape (128, columns): mean decibels of each column's frames, quantised.

    Raises:
        ValueError: another shape, or an impossible number of columns.

    """
    if mel_db.ndim != 2 or len(mel_db) != N_MELS:  # noqa: PLR2004 - bands and frames
        raise ValueError(f"a mel spectrogram is ({N_MELS}, frames), not {mel_db.shape}")
    if not 1 <= columns <= mel_db.shape[1]:
        raise ValueError(f"cannot make {columns} columns of {mel_db.shape[1]} frames")
    frames = math.ceil(mel_db.shape[1] * min(length_s / CHUNK_SECONDS, 1.0))
    means = _mean_columns(mel_db[:, :frames], min(columns, frames))
    steps = (means - FLOOR_DB) / DB_PER_STEP
    return np.rint(steps).clip(0, 255).astype(np.uint8)


def narrow(preview: NDArray[np.uint8], limit: int = MAX_COLUMNS) -> NDArray[np.uint8]:
    """Average columns of a preview so that at most ``limit`` remain."""
    if preview.shape[1] <= limit:
        return preview
    return np.rint(_mean_columns(preview, limit)).astype(np.uint8)


class MelPreviewBuilder:
    """Builds a preview chunk by chunk, without knowing the number of chunks.

    It starts with 128 columns per chunk and halves their number whenever the preview becomes
    twice as wide as a picture. Short tracks keep their detail, and memory stays bounded.
    """

    def __init__(self) -> None:
        self._per_chunk = _FIRST_PER_CHUNK
        self._parts: list[NDArray[np.uint8]] = []

    def add(self, mel_db: NDArray[np.float32], *, length_s: float = CHUNK_SECONDS) -> None:
        """Append the next chunk; arguments as for ``mel_preview``."""
        self._parts.append(mel_preview(mel_db, self._per_chunk, length_s=length_s))
        while self._per_chunk > 1 and len(self._parts) * self._per_chunk > 2 * MAX_COLUMNS:
            self._per_chunk //= 2
            self._parts = [narrow(part, self._per_chunk) for part in self._parts]

    def preview(self) -> NDArray[np.uint8]:
        """Return the preview of all chunks so far, shape (128, up to ``MAX_COLUMNS``).

        Raises:
            ValueError: no chunk was added.

        """
        return narrow(np.concatenate(self._parts, axis=1))


def _mean_columns(
    table: NDArray[np.float32] | NDArray[np.uint8], columns: int
) -> NDArray[np.float64]:
    edges = np.linspace(0, table.shape[1], columns + 1).astype(np.intp)
    sums = np.add.reduceat(table, edges[:-1], axis=1, dtype=np.float64)
    means: NDArray[np.float64] = sums / np.diff(edges)
    return means
