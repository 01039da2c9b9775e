"""From any file that FFmpeg plays to one channel at one rate, a second at a time."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import soxr
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from shared.errors import AudioError, ErrorCode
from shared.music._container import Source, open_sound
from shared.music._frames import Mixer, damaged, frames
from shared.music.constants import SAMPLE_RATE
from shared.music.pcm import from_pcm16, to_pcm16

__all__ = ["Source", "TrackInfo", "decode", "probe"]

_RATES: Final = range(1_000, 768_001)
"""Sample rates that are believed, in hertz: real files lie between 4000 and 384000."""

_LOUDEST: Final = 16.0
"""Float files may exceed full scale; what exceeds it sixteenfold is no sound."""


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
            duration_s=_duration_s(container, stream),
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
    with open_sound(source) as (container, stream):
        if (_duration_s(container, stream) or 0) > max_duration_s:
            raise _too_long(max_duration_s)
        left = round(max_duration_s * SAMPLE_RATE)
        for block in _at_our_rate(frames(container, stream)):
            left -= block.size
            if left < 0:
                raise _too_long(max_duration_s)
            if block.size:
                yield from_pcm16(to_pcm16(block))


def _at_our_rate(decoded: Iterable[AudioFrame]) -> Iterator[NDArray[np.float32]]:
    # A broadcast or a joined file may change its rate on the way: each run stands alone.
    for rate, run in itertools.groupby(decoded, key=lambda frame: frame.sample_rate):
        if rate not in _RATES:
            raise damaged(f"it claims {rate} samples a second")
        blocks = _gathered(map(Mixer(), run), rate)
        if rate == SAMPLE_RATE:
            yield from blocks
            continue
        resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="VHQ")
        for block in blocks:
            yield resampler.resample_chunk(block)
        yield resampler.resample_chunk(np.empty(0, np.float32), last=True)


def _gathered(pieces: Iterable[NDArray[np.float32]], rate: int) -> Iterator[NDArray[np.float32]]:
    """Join pieces into blocks of a second or little more, free of what is not a number."""
    pending: list[NDArray[np.float32]] = []
    size = 0
    for piece in pieces:
        pending.append(piece)
        size += piece.size
        if size >= rate:
            yield _finite(pending)
            pending, size = [], 0
    if pending:
        yield _finite(pending)


def _finite(pieces: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    joined = np.nan_to_num(np.concatenate(pieces), nan=0.0, posinf=0.0, neginf=0.0)
    return np.clip(joined, -_LOUDEST, _LOUDEST)


def _duration_s(container: InputContainer, stream: AudioStream) -> float | None:
    if stream.duration is not None and stream.time_base is not None:
        seconds = float(stream.duration * stream.time_base)
    else:
        seconds = (container.duration or 0) / 1e6
    return seconds if seconds > 0 else None


def _title(container: InputContainer, stream: AudioStream) -> str | None:
    # Ogg keeps its tags on the stream, everything else on the container.
    raw = container.metadata.get("title") or stream.metadata.get("title") or ""
    return " ".join("".join(c if c.isprintable() else " " for c in raw).split()) or None


def _too_long(limit_s: float) -> AudioError:
    return AudioError(
        ErrorCode.TOO_LONG,
        f"The track is longer than {_in_words(limit_s)}. Send a shorter part of it.",
    )


def _in_words(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    counts = ((hours, "hour"), (minutes, "minute"), (rest, "second"))
    return " ".join(f"{n} {unit}" if n == 1 else f"{n} {unit}s" for n, unit in counts if n)
