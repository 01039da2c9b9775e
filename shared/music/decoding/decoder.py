"""Decoding of any file that FFmpeg plays to mono samples at ``SAMPLE_RATE``, block by block."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from shared.music.decoding.container import Source, open_audio
from shared.music.decoding.resumable import ResumableDecoder, declared_s

__all__ = ["Source", "TrackInfo", "decode", "probe"]


@dataclass(frozen=True)
class TrackInfo:
    """Facts from a file's headers; ``duration_s`` (seconds) is None where there is no length."""

    duration_s: float | None
    codec: str
    container: str
    sample_rate: int
    channels: int
    title: str | None


def probe(source: Source) -> TrackInfo:
    """Read a file's headers without decoding it.

    Args:
        source: a path, or a seekable file, which is not closed.

    Raises:
        AudioError: as ``decode``, except ``TOO_LONG`` and errors that appear only in decoding.

    """
    with open_audio(source) as (container, stream):
        return TrackInfo(
            duration_s=declared_s(container, stream),
            codec=stream.codec_context.codec.canonical_name,
            container=container.format.name,
            sample_rate=stream.rate,
            channels=stream.channels,
            title=_title(container, stream),
        )


def decode(source: Source, *, max_duration_s: float) -> Iterator[NDArray[np.float32]]:
    """Decode a track to mono at ``SAMPLE_RATE``, in constant memory.

    Channels are averaged, resampled with soxr where the rate differs, and rounded to 16 bits.
    Damaged packets are left out; a truncated file gives the samples that it has.

    Args:
        source: a path, or a seekable file, which is not closed.
        max_duration_s: longest track that is accepted, in seconds.

    Yields:
        Blocks of about a second, shape (n,), float32 on the grid k / 32768.

    Raises:
        AudioError: ``NOT_FOUND``, ``EMPTY_FILE``, ``NOT_AUDIO``, ``NO_AUDIO_TRACK``,
            ``ENCRYPTED``, or ``TOO_LONG`` by the headers, before the first block;
            ``TOO_LONG`` or ``ENCRYPTED`` later, where the headers did not say so;
            ``DAMAGED`` before the first block or after the last one.
        OSError: reading the file failed part way.

    """
    yield from ResumableDecoder(source, max_duration_s=max_duration_s)


def _title(container: InputContainer, stream: AudioStream) -> str | None:
    # Ogg stores tags on the stream, other formats on the container.
    raw = container.metadata.get("title") or stream.metadata.get("title") or ""
    return " ".join("".join(c if c.isprintable() else " " for c in raw).split()) or None
