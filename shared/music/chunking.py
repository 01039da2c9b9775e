"""Cutting a stream of samples into the chunks that features are computed on."""

import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.music.constants import CHUNK_HOP, CHUNK_SAMPLES, SAMPLE_RATE
from shared.music.decoding.blocks import reblocked
from shared.music.decoding.pcm import to_pcm16
from shared.music.decoding.track_meter import TrackMeter

Samples = NDArray[np.float32]
PlacedChunk = tuple[Samples, int, int]
"""A chunk, and its start and end in samples from the start of the track."""


class Segment(NamedTuple):
    """Consecutive chunks that one featurize task works on.

    ``number`` counts segments from 0. ``pcm`` is int16 of shape (chunks, CHUNK_HOP). ``spans``
    holds each chunk's start and end, in seconds from the start of the track.
    """

    number: int
    pcm: NDArray[np.int16]
    spans: tuple[tuple[float, float], ...]


def chunks(blocks: Iterable[Samples]) -> Iterator[PlacedChunk]:
    """Cut a track into consecutive chunks of ``CHUNK_HOP`` samples.

    Samples after the last whole chunk are dropped. A track shorter than one chunk is repeated
    until it fills one; the end of that chunk is the track's own length.

    Args:
        blocks: mono blocks of any length, float32; or a ``TrackMeter`` of them, from which
            length and level of the track can be read afterwards.

    Yields:
        The chunk (float32, shape (CHUNK_HOP,), a copy), its start and its end in samples.

    Raises:
        AudioError: ``TOO_SHORT`` or ``SILENT``, after the last chunk.

    """
    meter = blocks if isinstance(blocks, TrackMeter) else TrackMeter(blocks)
    start = meter.n_samples
    short: Samples | None = None
    for block in reblocked(meter, CHUNK_HOP):
        if block.size == CHUNK_HOP:
            yield block, start, start + CHUNK_HOP
            start += CHUNK_HOP
        elif not start:
            short = block
    meter.check()
    if short is not None:
        yield np.resize(short, CHUNK_HOP), 0, short.size


def segments(blocks: Iterable[Samples], chunks_per_segment: int) -> Iterator[Segment]:
    """Cut a track into segments of 16-bit PCM; the last one may hold fewer chunks.

    Args:
        blocks: mono blocks on the 16-bit grid, or a ``TrackMeter`` of them.
        chunks_per_segment: most chunks in one segment, at least 1.

    Raises:
        AudioError: as ``chunks``, after the last segment.
        ValueError: fewer than one chunk per segment.

    """
    if chunks_per_segment < 1:
        raise ValueError(f"a segment holds at least 1 chunk, not {chunks_per_segment}")
    placed = chunks(blocks)
    for number in itertools.count():
        rows = [
            (to_pcm16(samples), (start / SAMPLE_RATE, end / SAMPLE_RATE))
            for samples, start, end in itertools.islice(placed, chunks_per_segment)
        ]
        if not rows:
            return
        pcm, spans = zip(*rows, strict=True)
        yield Segment(number, np.stack(pcm), spans)


def checked_chunk(samples: Samples) -> Samples:
    """Return the CHUNK_SAMPLES samples of a chunk that are analysed, float32.

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
