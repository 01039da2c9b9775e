"""Tags of chunks, and at what volume the tagger hears them.

The network's tags move with the volume of what it hears: 12 dB down turned the genre of a
fifth of GTZAN's tracks over. Every chunk is therefore brought to one level first.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from shared.music.constants import (
    CHUNK_SAMPLES,
    N_TAGS,
    SAMPLE_RATE,
    SILENCE_DBFS,
    TAGGER_LEVEL_DBFS,
)
from shared.music.tagging.tagger import Tagger

POWER_FLOOR: Final = 1e-12
"""Mean square of what counts as nothing at all, full scale at one (-120 dB)."""

MOST_AHEAD: Final = 16
"""Chunks that may wait for their tags; each is a quarter of a megabyte."""

NO_TAGS: Final = np.full(N_TAGS, np.nan, np.float32)
"""The row of a chunk that is silent."""


def chunk_tags(tagger: Tagger, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Tag a chunk, brought to ``TAGGER_LEVEL_DBFS``.

    Args:
        tagger: the network.
        samples: float32 of shape (CHUNK_HOP,) or (CHUNK_SAMPLES,), mono at SAMPLE_RATE.

    Returns:
        float32 of shape (N_TAGS,), in the order of ``TAG_NAMES``; ``NO_TAGS`` where the chunk
        is silent.

    """
    # Not pydub's level, which counts in whole steps of 16 bits: too coarse for quiet chunks.
    level = 10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + POWER_FLOOR)
    if level < SILENCE_DBFS:
        return NO_TAGS
    gain = np.float32(10 ** ((TAGGER_LEVEL_DBFS - level) / 20))
    return tagger.tag_chunk(samples * gain)


class TagsBeside:
    """Tags chunks in a thread of its own, while the caller computes their features.

    The network and most of the features run outside Python's lock, so two cores are used
    where there are two. Use it as a context manager.

    Args:
        tagger: the network.

    """

    def __init__(self, tagger: Tagger) -> None:
        self._tagger = tagger
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="tags")
        self._rows: list[Future[NDArray[np.float32]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def add(self, samples: NDArray[np.float32]) -> None:
        """Take the next chunk, as ``chunk_tags`` does; waits where the thread is far behind."""
        if len(self._rows) >= MOST_AHEAD:
            self._rows[-MOST_AHEAD].result()
        self._rows.append(self._pool.submit(chunk_tags, self._tagger, samples))

    def tags(self) -> NDArray[np.float32]:
        """Return the tags of all chunks, shape (n, N_TAGS), once they are there."""
        return np.stack([row.result() for row in self._rows])


def warm_up(tagger: Tagger) -> None:
    """Have the network allocate what it needs, so that the first real chunk takes no longer."""
    time = np.arange(CHUNK_SAMPLES, dtype=np.float32) / SAMPLE_RATE
    tagger.tag_chunk(np.sin(2 * np.pi * 440 * time, dtype=np.float32))
