"""Decoding a track slice by slice, with the same chunks and errors as decoding it at once."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from shared.music.decoding.blocks import without_first
from shared.music.decoding.container import Source
from shared.music.decoding.resumable import START, ResumableDecoder, ResumePoint
from shared.music.decoding.track_meter import TrackMeter


class SliceEnd(BaseModel):
    """The end of a slice: where the next one begins, and the level of the track so far."""

    model_config = ConfigDict(frozen=True)

    resume_point: ResumePoint = START
    loudest_dbfs: float | None = None
    """Level of the loudest second so far, in dB full scale; None for digital silence."""


TRACK_START: Final = SliceEnd()
"""Where the first slice of any track begins."""


class Slice(TrackMeter):
    """A whole number of chunks of a track, to be cut by ``segments`` or ``chunks``.

    Args:
        source: a path, or a seekable file, which is not closed.
        max_duration_s: longest track that is accepted, in seconds.
        start: the ``end`` of the slice before, of the same file.
        samples: wanted length at ``SAMPLE_RATE``, a multiple of ``CHUNK_HOP``.

    """

    def __init__(
        self, source: Source, *, max_duration_s: float, start: SliceEnd = TRACK_START, samples: int
    ) -> None:
        self._decoder = ResumableDecoder(
            source, max_duration_s=max_duration_s, start=start.resume_point, samples=samples
        )
        super().__init__(
            self._decoder,
            n_samples=start.resume_point.samples,
            loudest_dbfs=-math.inf if start.loudest_dbfs is None else start.loudest_dbfs,
        )

    @property
    def declared_s(self) -> float | None:
        """Length of the track by its headers, in seconds; known from the first block on."""
        return self._decoder.declared_s

    @property
    def end(self) -> SliceEnd | None:
        """Where the next slice begins, once all blocks were read; None at the track's end."""
        resume_point = self._decoder.resume_point
        if resume_point is None:
            return None
        loudest = self.loudest_dbfs
        return SliceEnd(
            resume_point=resume_point,
            loudest_dbfs=loudest if math.isfinite(loudest) else None,
        )

    def check(self) -> None:
        """Refuse a track that cannot be classified, after its last slice.

        Raises:
            AudioError: ``TOO_SHORT`` or ``SILENT``, at the end of the track only.

        """
        if self._decoder.resume_point is None:
            super().check()


def excerpt(
    source: Source, after: SliceEnd, start: int, stop: int, *, max_duration_s: float
) -> NDArray[np.float32]:
    """Decode a short span of a track again.

    Args:
        source: a path, or a seekable file, which is not closed.
        after: end of a slice of the same file, at or before ``start``; the nearer, the faster.
        start: first sample at ``SAMPLE_RATE``, counted from the start of the track.
        stop: the sample after the last one.
        max_duration_s: longest track that is accepted, in seconds.

    Returns:
        Shape (stop - start,), float32 on the grid k / 32768; shorter at the end of the track.

    Raises:
        AudioError: as ``decoding.decoder.decode``.
        OSError: reading the file failed part way.

    """
    first = after.resume_point.samples
    decoder = ResumableDecoder(
        source, max_duration_s=max_duration_s, start=after.resume_point, samples=stop - first
    )
    blocks = list(without_first(decoder, start - first))
    return np.concatenate(blocks) if blocks else np.empty(0, np.float32)
