"""Length and level of a track, measured while it is decoded."""

import math
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from shared.errors import AudioError, ErrorCode
from shared.music.constants import MIN_TRACK_SECONDS, SAMPLE_RATE
from shared.music.decoding.blocks import reblocked
from shared.music.decoding.level import dbfs, is_silent

Samples = NDArray[np.float32]


class TrackMeter:
    """Measures length and level of a track while its blocks pass through.

    It can be iterated once; length and level are complete after the last block.

    Args:
        blocks: mono blocks of any length at ``SAMPLE_RATE``, float32.
        n_samples: samples of the track before these blocks, a multiple of ``CHUNK_HOP``.
        loudest_dbfs: level of the loudest second before these blocks.

    """

    def __init__(
        self,
        blocks: Iterable[Samples],
        *,
        n_samples: int = 0,
        loudest_dbfs: float = -math.inf,
    ) -> None:
        self._blocks = blocks
        self.n_samples = n_samples
        self.loudest_dbfs = loudest_dbfs

    @property
    def duration_s(self) -> float:
        """Length of the track so far, in seconds."""
        return self.n_samples / SAMPLE_RATE

    def __iter__(self) -> Iterator[Samples]:
        """Yield the same samples in blocks of one second; the last one may be shorter."""
        for second in reblocked(self._blocks, SAMPLE_RATE):
            self.n_samples += second.size
            self.loudest_dbfs = max(self.loudest_dbfs, dbfs(second))
            yield second

    def check(self) -> None:
        """Refuse a track that cannot be classified. Call it after the last block.

        Raises:
            AudioError: ``TOO_SHORT`` below ``MIN_TRACK_SECONDS``; ``SILENT`` where even
                the loudest second is below ``SILENCE_DBFS``.

        """
        if self.n_samples < MIN_TRACK_SECONDS * SAMPLE_RATE:
            raise AudioError(
                ErrorCode.TOO_SHORT,
                f"The track lasts {self.duration_s:.1f} s, which is too short to tell."
                f" Send {MIN_TRACK_SECONDS} second at least; half a minute is better.",
            )
        if is_silent(self.loudest_dbfs):
            raise AudioError(
                ErrorCode.SILENT,
                "The track is silent from beginning to end. Send one that can be heard.",
            )
