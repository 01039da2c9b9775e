"""The spectrogram of a track as a strip of bytes, small enough to carry and to keep.

A strip has one row per mel band (row 0 is the lowest) and a few columns per chunk; its
bytes are decibels on a fixed absolute scale, so that strips made by different workers
join without knowing of each other.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.music.constants import CHUNK_SECONDS, N_FRAMES, N_MELS

MAX_COLUMNS: Final = 1200
"""Columns beyond which a picture shows no more detail."""

FLOOR_DB: Final = -100.0
"""Decibels of byte 0: the lowest that ``power_to_db`` yields (its ``amin`` is 1e-10)."""

CEILING_DB: Final = 60.0
"""Decibels of byte 255; full-scale sound stays below it (2048-point Hann frames)."""

DB_PER_STEP: Final = (CEILING_DB - FLOOR_DB) / 255
"""Decibels from one byte to the next (0.63)."""

_MOST_PER_CHUNK: Final = N_FRAMES - 1  # a chunk's last frame is centred in the next chunk
_FIRST_PER_CHUNK: Final = 128  # a power of two, so that halving meets every chunk's edge


def columns_per_chunk(n_chunks: int) -> int:
    """Columns that each of ``n_chunks`` gets: 1 to 129, about ``MAX_COLUMNS`` in all."""
    return min(max(MAX_COLUMNS // max(n_chunks, 1), 1), _MOST_PER_CHUNK)


def mel_preview(
    mel_db: NDArray[np.float32], columns: int, *, length_s: float = CHUNK_SECONDS
) -> NDArray[np.uint8]:
    """Reduce the mel spectrogram of one chunk to a few columns of bytes.

    Args:
        mel_db: shape (128, frames), absolute decibels (``power_to_db`` with ``ref=1.0``).
        columns: how many columns to make, 1 to the number of frames.
        length_s: how much of the chunk is the track's own, in seconds. A track shorter
            than a chunk is repeated to fill it; only its first passage is shown, in as
            many columns as it has frames at most.

    Returns:
        Shape (128, columns): mean decibels over each column's frames, quantised.

    Raises:
        ValueError: another shape, or a number of columns that cannot be made.

    """
    if mel_db.ndim != 2 or len(mel_db) != N_MELS:  # noqa: PLR2004 - bands and frames
        raise ValueError(f"a mel spectrogram is ({N_MELS}, frames), not {mel_db.shape}")
    if not 1 <= columns <= mel_db.shape[1]:
        raise ValueError(f"cannot make {columns} columns of {mel_db.shape[1]} frames")
    frames = math.ceil(mel_db.shape[1] * min(length_s / CHUNK_SECONDS, 1.0))
    means = _mean_columns(mel_db[:, :frames], min(columns, frames))
    steps = (means - FLOOR_DB) / DB_PER_STEP
    return np.rint(steps).clip(0, 255).astype(np.uint8)


def narrow(strip: NDArray[np.uint8], limit: int = MAX_COLUMNS) -> NDArray[np.uint8]:
    """Average a strip's columns until at most ``limit`` are left."""
    if strip.shape[1] <= limit:
        return strip
    return np.rint(_mean_columns(strip, limit)).astype(np.uint8)


class MelPreviewBuilder:
    """Collects a strip while the number of chunks is not known yet.

    It begins with 128 columns per chunk and halves them whenever the strip outgrows the
    picture, so that short tracks keep their detail and long ones need about as little
    memory as a picture does.
    """

    def __init__(self) -> None:
        self._per_chunk = _FIRST_PER_CHUNK
        self._parts: list[NDArray[np.uint8]] = []

    def add(self, mel_db: NDArray[np.float32], *, length_s: float = CHUNK_SECONDS) -> None:
        """Append the chunk that follows; arguments as for ``mel_preview``."""
        self._parts.append(mel_preview(mel_db, self._per_chunk, length_s=length_s))
        while self._per_chunk > 1 and len(self._parts) * self._per_chunk > 2 * MAX_COLUMNS:
            self._per_chunk //= 2
            self._parts = [narrow(part, self._per_chunk) for part in self._parts]

    def strip(self) -> NDArray[np.uint8]:
        """Everything so far, shape (128, columns) with at most ``MAX_COLUMNS`` columns.

        Raises:
            ValueError: nothing was added.

        """
        return narrow(np.concatenate(self._parts, axis=1))


def _mean_columns(
    table: NDArray[np.float32] | NDArray[np.uint8], columns: int
) -> NDArray[np.float64]:
    edges = np.linspace(0, table.shape[1], columns + 1).astype(np.intp)
    sums = np.add.reduceat(table, edges[:-1], axis=1, dtype=np.float64)
    means: NDArray[np.float64] = sums / np.diff(edges)
    return means
