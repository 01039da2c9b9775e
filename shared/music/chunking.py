"""Cutting a stream of samples into the pieces that predictions are made on."""

import itertools
import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.errors import AudioError, ErrorCode
from shared.music.constants import CHUNK_HOP, CHUNK_SAMPLES, MIN_TRACK_SECONDS, SAMPLE_RATE
from shared.music.decoding.level import dbfs, is_silent
from shared.music.decoding.pcm import to_pcm16

Samples = NDArray[np.float32]
Window = tuple[Samples, int, int]


class Segment(NamedTuple):
    """Chunks that travel together.

    ``pcm`` has the shape (chunks, CHUNK_HOP) and is int16; ``spans`` holds each chunk's
    start and end, in seconds from the start of the track; ``number`` counts segments from 0
    at the start of what was cut.
    """

    number: int
    pcm: NDArray[np.int16]
    spans: tuple[tuple[float, float], ...]


class TrackMeter:
    """Measures a track while its blocks pass through; good for one passage.

    Args:
        blocks: mono blocks of any length at ``SAMPLE_RATE``, float32.
        n_samples: samples of the track that have passed before, whole chunks of them.
        loudest_dbfs: level of the loudest second of those.

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
        """Length of what has passed, in seconds."""
        return self.n_samples / SAMPLE_RATE

    def __iter__(self) -> Iterator[Samples]:
        """Pass the blocks on, a second at a time; the last one may be shorter."""
        for second in _pieces(self._blocks, SAMPLE_RATE):
            self.n_samples += second.size
            self.loudest_dbfs = max(self.loudest_dbfs, dbfs(second))
            yield second

    def check(self) -> None:
        """Refuse what cannot be classified, once everything has passed.

        Raises:
            AudioError: ``TOO_SHORT`` below ``MIN_TRACK_SECONDS``; ``SILENT`` when even
                the loudest second stays below ``SILENCE_DBFS``.

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


def windows(blocks: Iterable[Samples], length: int, hop: int) -> Iterator[Window]:
    """Cut full windows out of a stream; they overlap, touch or leave gaps as ``hop`` says.

    Args:
        blocks: mono blocks of any length, float32.
        length: samples of a window, at least 1.
        hop: samples between the starts of two windows, at least 1.

    Yields:
        The window (a copy of its own), its start and its end, in samples. What is
        left at the end and fills no window is dropped.

    Raises:
        ValueError: a length or hop below 1.

    """
    if length < 1 or hop < 1:
        raise ValueError(f"length {length} and hop {hop} must be at least 1")
    buffer = np.empty(length, np.float32)
    start = filled = gap = 0
    for block in blocks:
        offset = 0
        while offset < block.size:
            if gap:
                step = min(gap, block.size - offset)
                gap -= step
                offset += step
                continue
            step = min(length - filled, block.size - offset)
            buffer[filled : filled + step] = block[offset : offset + step]
            filled += step
            offset += step
            if filled == length:
                yield buffer.copy(), start, start + length
                start += hop
                filled, gap = max(length - hop, 0), max(hop - length, 0)
                buffer[:filled] = buffer[length - filled :].copy()


def chunks(blocks: Iterable[Samples]) -> Iterator[Window]:
    """Cut a track into the chunks that are classified, ``CHUNK_HOP`` samples back to back.

    A tail that fills no chunk is dropped, but a track shorter than one chunk is repeated
    until it fills one, its end being its true length. Hand in a ``TrackMeter`` to read
    the track's length and level afterwards.

    Yields:
        The chunk (float32, shape (CHUNK_HOP,), a copy of its own), start and end in samples.

    Raises:
        AudioError: ``TOO_SHORT`` or ``SILENT``, after the last chunk.

    """
    meter = blocks if isinstance(blocks, TrackMeter) else TrackMeter(blocks)
    start = meter.n_samples
    stub: Samples | None = None
    for piece in _pieces(meter, CHUNK_HOP):
        if piece.size == CHUNK_HOP:
            yield piece, start, start + CHUNK_HOP
            start += CHUNK_HOP
        elif not start:
            stub = piece
    meter.check()
    if stub is not None:
        yield np.resize(stub, CHUNK_HOP), 0, stub.size


def segments(blocks: Iterable[Samples], chunks_per_segment: int) -> Iterator[Segment]:
    """Group a track's chunks as 16-bit PCM; the last segment may hold fewer.

    Args:
        blocks: mono blocks on the 16-bit grid, or a ``TrackMeter`` of them.
        chunks_per_segment: most chunks in one segment, at least 1.

    Raises:
        AudioError: as ``chunks``, after the last segment.
        ValueError: fewer than one chunk per segment.

    """
    if chunks_per_segment < 1:
        raise ValueError(f"{chunks_per_segment} chunks make no segment")
    cut = chunks(blocks)
    for number in itertools.count():
        group = [
            (to_pcm16(samples), (start / SAMPLE_RATE, end / SAMPLE_RATE))
            for samples, start, end in itertools.islice(cut, chunks_per_segment)
        ]
        if not group:
            return
        pcm, spans = zip(*group, strict=True)
        yield Segment(number, np.stack(pcm), spans)


def checked_chunk(samples: Samples) -> Samples:
    """Return the CHUNK_SAMPLES of a chunk that are listened to, float32.

    Args:
        samples: shape (CHUNK_HOP,) or (CHUNK_SAMPLES,).

    Raises:
        ValueError: another shape, or samples that are not finite.

    """
    if samples.shape not in {(CHUNK_HOP,), (CHUNK_SAMPLES,)}:
        raise ValueError(
            f"a chunk has {CHUNK_HOP} or {CHUNK_SAMPLES} samples, not the shape {samples.shape}"
        )
    chunk = np.asarray(samples[:CHUNK_SAMPLES], dtype=np.float32)
    if not np.isfinite(chunk).all():
        raise ValueError("a chunk holds samples that are not finite")
    return chunk


def _pieces(blocks: Iterable[Samples], length: int) -> Iterator[Samples]:
    """Cut a stream into pieces of one length, and a last one of what is left."""
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
