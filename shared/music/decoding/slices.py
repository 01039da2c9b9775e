"""A track cut a slice at a time, with the chunks and the errors of one that was cut at once."""

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from shared.music.chunking import TrackMeter
from shared.music.decoding.container import Source
from shared.music.decoding.resumable import START, ResumableDecoder, ResumePoint


class Mark(BaseModel):
    """The end of a slice: where the next one begins, and how loud the track was so far."""

    model_config = ConfigDict(frozen=True)

    bookmark: ResumePoint = START
    loudest_dbfs: float | None = None
    """Level of the loudest second so far, in dB full scale; None for digital silence."""


BEGINNING: Final = Mark()
"""The start of any track."""


class Slice(TrackMeter):
    """Some whole chunks of a track, to be cut by ``segments`` or ``chunks``.

    Args:
        source: a path, or a file that can be read and sought; it is not closed.
        max_duration_s: longest track that is accepted, in seconds.
        start: the ``mark`` of the slice before, of the same file.
        samples: length that is wanted, at ``SAMPLE_RATE``, whole chunks of it.

    """

    def __init__(
        self, source: Source, *, max_duration_s: float, start: Mark = BEGINNING, samples: int
    ) -> None:
        self._passage = ResumableDecoder(
            source, max_duration_s=max_duration_s, start=start.bookmark, samples=samples
        )
        super().__init__(
            self._passage,
            n_samples=start.bookmark.samples,
            loudest_dbfs=-math.inf if start.loudest_dbfs is None else start.loudest_dbfs,
        )

    @property
    def declared_s(self) -> float | None:
        """The track's length in seconds by the file's own word, once the first block is there."""
        return self._passage.declared_s

    @property
    def mark(self) -> Mark | None:
        """Where the next slice begins, once everything has passed; None at the track's end."""
        bookmark = self._passage.bookmark
        if bookmark is None:
            return None
        loudest = self.loudest_dbfs
        return Mark(bookmark=bookmark, loudest_dbfs=loudest if math.isfinite(loudest) else None)

    def check(self) -> None:
        """Refuse a track that cannot be classified, once all of it has passed.

        Raises:
            AudioError: ``TOO_SHORT`` or ``SILENT``, at the end of the track only.

        """
        if self._passage.bookmark is None:
            super().check()


def excerpt(
    source: Source, mark: Mark, start: int, stop: int, *, max_duration_s: float
) -> NDArray[np.float32]:
    """Decode a short piece of a track again.

    Args:
        source: a path, or a file that can be read and sought; it is not closed.
        mark: of the same file, at or before ``start``; the nearer, the cheaper.
        start: first sample, at ``SAMPLE_RATE``, from the start of the track.
        stop: sample after the last.
        max_duration_s: longest track that is accepted, in seconds.

    Returns:
        Shape (stop - start,), float32 on the grid k / 32768; shorter where the track is.

    Raises:
        AudioError: as ``decoding.decoder.decode``.
        OSError: reading the file failed part way.

    """
    first = mark.bookmark.samples
    passage = ResumableDecoder(
        source, max_duration_s=max_duration_s, start=mark.bookmark, samples=stop - first
    )
    pieces = list(_from(passage, start - first))
    return np.concatenate(pieces) if pieces else np.empty(0, np.float32)


def _from(blocks: ResumableDecoder, skip: int) -> Iterator[NDArray[np.float32]]:
    for block in blocks:
        if skip < block.size:
            yield block[skip:]
        skip = max(skip - block.size, 0)
