"""From any file that FFmpeg plays to one channel at one rate, a second at a time."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from shared.music.decoding.container import Source, open_sound
from shared.music.decoding.resumable import ResumableDecoder, declared_s

__all__ = ["Source", "TrackInfo", "decode", "probe"]


@dataclass(frozen=True)
class TrackInfo:
    """What a file says of itself; ``duration_s`` is in seconds, where it says so at all."""

    duration_s: float | None
    codec: str
    container: str
    sample_rate: int
    channels: int
    title: str | None


def probe(source: Source) -> TrackInfo:
    """Read a file's description without decoding it.

    Args:
        source: a path, or a file that can be read and sought; it is not closed.

    Raises:
        AudioError: as ``decode``, but for ``TOO_LONG`` and what only decoding shows.

    """
    with open_sound(source) as (container, stream):
        return TrackInfo(
            duration_s=declared_s(container, stream),
            codec=stream.codec_context.codec.canonical_name,
            container=container.format.name,
            sample_rate=stream.rate,
            channels=stream.channels,
            title=_title(container, stream),
        )


def decode(source: Source, *, max_duration_s: float) -> Iterator[NDArray[np.float32]]:
    """Decode a track to mono at ``SAMPLE_RATE``, in memory that does not grow with it.

    The mean of the channels, resampled with soxr where the rate differs and rounded
    to 16 bits. Damaged packets are left out; of a truncated file comes what is there.

    Args:
        source: a path, or a file that can be read and sought; it is not closed.
        max_duration_s: longest track that is accepted, in seconds.

    Yields:
        Blocks of about a second, shape (n,), float32 on the grid k / 32768.

    Raises:
        AudioError: ``NOT_FOUND``, ``EMPTY_FILE``, ``NOT_AUDIO``, ``NO_AUDIO_TRACK``,
            ``ENCRYPTED``, or ``TOO_LONG`` by the file's own word before the first block;
            ``TOO_LONG`` or ``ENCRYPTED`` where it shows; ``DAMAGED`` at once or at the end.
        OSError: reading the file failed part way.

    """
    yield from ResumableDecoder(source, max_duration_s=max_duration_s)


def _title(container: InputContainer, stream: AudioStream) -> str | None:
    # Ogg keeps its tags on the stream, everything else on the container.
    raw = container.metadata.get("title") or stream.metadata.get("title") or ""
    return " ".join("".join(c if c.isprintable() else " " for c in raw).split()) or None
