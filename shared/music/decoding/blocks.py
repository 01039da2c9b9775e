"""Operations on streams of blocks of samples."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


def reblocked(blocks: Iterable[Samples], length: int) -> Iterator[Samples]:
    """Yield a stream in blocks of one length; the last block holds the rest."""
    buffer = np.empty(length, np.float32)
    filled = 0
    for block in blocks:
        offset = 0
        while offset < block.size:
            step = min(length - filled, block.size - offset)
            buffer[filled : filled + step] = block[offset : offset + step]
            filled += step
            offset += step
            if filled == length:
                yield buffer
                buffer, filled = np.empty(length, np.float32), 0
    if filled:
        yield buffer[:filled].copy()


def without_first(blocks: Iterable[Samples], count: int) -> Iterator[Samples]:
    """Drop the first ``count`` samples of a stream of blocks."""
    for block in blocks:
        if count < block.size:
            yield block[count:]
        count = max(count - block.size, 0)
