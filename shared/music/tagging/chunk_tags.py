"""Tags of chunks, all brought to one level first.

The network's tags depend on the volume: at -12 dB a fifth of GTZAN's tracks got another genre.
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
"""Lower limit of a chunk's mean square, full scale 1 (-120 dB)."""

MAX_AHEAD: Final = 16
"""Most chunks that may wait for their tags, a quarter of a megabyte each."""

NO_TAGS: Final = np.full(N_TAGS, np.nan, np.float32)
"""The tags of a silent chunk."""


def chunk_tags(tagger: Tagger, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring a chunk to ``TAGGER_LEVEL_DBFS`` and tag it.

    Args:
        tagger: the network.
        samples: float32 of shape (CHUNK_HOP,) or (CHUNK_SAMPLES,), mono at SAMPLE_RATE.

    Returns:
        float32 of shape (N_TAGS,), in the order of ``TAG_NAMES``; ``NO_TAGS`` where the chunk
        is silent.

    """
    # Not pydub's level: it is computed on 16-bit integers, which is too coarse for quiet chunks.
    level = 10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + POWER_FLOOR)
    if level < SILENCE_DBFS:
        return NO_TAGS
    gain = np.float32(10 ** ((TAGGER_LEVEL_DBFS - level) / 20))
    return tagger.tag_chunk(samples * gain)


class TagsBeside:
    """Tags chunks in a second thread, while the caller computes their features.

    The network and most of the features release Python's lock, so two cores are used where
    there are two. Use it as a context manager.

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
        """Add the next chunk; waits where more than ``MAX_AHEAD`` chunks are not tagged yet."""
        if len(self._rows) >= MAX_AHEAD:
            self._rows[-MAX_AHEAD].result()
        self._rows.append(self._pool.submit(chunk_tags, self._tagger, samples))

    def tags(self) -> NDArray[np.float32]:
        """Wait for the tags of all chunks and return them, shape (n, N_TAGS)."""
        return np.stack([row.result() for row in self._rows])


def warm_up(tagger: Tagger) -> None:
    """Tag a chunk, so that the first one of a track takes no longer than the others."""
    time = np.arange(CHUNK_SAMPLES, dtype=np.float32) / SAMPLE_RATE
    tagger.tag_chunk(np.sin(2 * np.pi * 440 * time, dtype=np.float32))
