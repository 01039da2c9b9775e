"""Decoding that can stop in the middle of a file and continue there in another process.

The joined blocks equal those of one decoder to within the last bit. A seek could not ensure that:
timestamps may be missing, rounded to milliseconds or wrong after damage, and samples are missing
where packets were left out. Therefore a resume point holds the number of a packet and the number
of samples decoded before it, and a decoder reads, but does not decode, the packets before it.
"""

import itertools
import math
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import soxr
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from shared.errors import AudioError, ErrorCode
from shared.music.constants import SAMPLE_RATE
from shared.music.decoding.blocks import without_first
from shared.music.decoding.container import Source, open_audio
from shared.music.decoding.frames import FrameReader, Mixer, PacketCounts, damaged
from shared.music.decoding.pcm import from_pcm16, to_pcm16

Samples = NDArray[np.float32]

_PLAUSIBLE_RATES: Final = range(1_000, 768_001)
"""Sample rates that are accepted, in hertz: real files lie between 4000 and 384000."""

_MAX_AMPLITUDE: Final = 16.0
"""Samples of float formats may exceed full scale, but are clipped at this amplitude."""

_RESAMPLER_RUN_IN_S: Final = 0.25
"""Audio given to the resampler before the first wanted sample, in seconds. Its longest filter
reaches 0.03 s back, at 8 kHz."""


class ResumePoint(BaseModel):
    """Where a decoder stopped and the next one continues.

    Joined files and broadcasts may change their sample rate on the way. A *part* is a span of the
    file with one sample rate; most files have a single part.
    """

    model_config = ConfigDict(frozen=True)

    samples: int = 0
    """Samples at ``SAMPLE_RATE`` before this point, from the start of the track."""
    packet: int = 0
    """Number of the packet at which decoding resumes; it lies a little before this point."""
    rate: int | None = None
    """Sample rate of the part that this packet belongs to, in hertz."""
    part_start: int = 0
    """Samples at ``SAMPLE_RATE`` before that part."""
    part_samples: int = 0
    """Samples of that part, at the part's own rate, before that packet."""
    counts: PacketCounts = PacketCounts()
    """Counts of all packets before that packet."""


START: Final = ResumePoint()
"""The start of any file."""


class ResumableDecoder:
    """Decodes a track from a resume point on; an iterable of blocks, to be iterated once.

    Args:
        source: a path, or a seekable file, which is not closed.
        max_duration_s: longest track that is accepted, in seconds.
        start: where to start: the ``resume_point`` of an earlier decoder of the same file.
        samples: wanted length at ``SAMPLE_RATE``; None for the rest of the track.

    """

    def __init__(
        self,
        source: Source,
        *,
        max_duration_s: float,
        start: ResumePoint = START,
        samples: int | None = None,
    ) -> None:
        self._source = source
        self._max_duration_s = max_duration_s
        self._start = start
        self._stop = math.inf if samples is None else start.samples + samples
        self._next = start
        self.declared_s: float | None = None
        """Length of the track by its headers, in seconds; known from the first block on."""
        self.resume_point: ResumePoint | None = start
        """After the last block: where the next decoder continues, None at the track's end."""

    def __iter__(self) -> Iterator[Samples]:
        """Yield blocks of about a second, shape (n,), float32 on the grid k / 32768.

        Raises:
            AudioError: as ``decoding.decoder.decode``.
            OSError: reading the file failed part way.

        """
        with open_audio(self._source) as (container, stream):
            self.declared_s = declared_s(container, stream)
            if (self.declared_s or 0) > self._max_duration_s:
                raise _too_long(self._max_duration_s)
            start = self._start
            reader = FrameReader(container, stream, first_packet=start.packet, counts=start.counts)
            for position, block in self._blocks(reader):
                end = position + block.size
                if end > round(self._max_duration_s * SAMPLE_RATE):
                    raise _too_long(self._max_duration_s)
                wanted = block[max(start.samples - position, 0) : _up_to(self._stop, position)]
                if wanted.size:
                    yield from_pcm16(to_pcm16(wanted))
                if end >= self._stop:
                    self.resume_point = self._next.model_copy(update={"samples": int(self._stop)})
                    return
        self.resume_point = None

    def _blocks(self, reader: FrameReader) -> Iterator[tuple[int, Samples]]:
        """Yield blocks at ``SAMPLE_RATE`` with their positions in the track.

        The first blocks may lie before the resume point.
        """
        position, part_samples = self._start.part_start, self._start.part_samples
        # The packet of the resume point may begin with the last frame of the part before it.
        rate = self._start.rate
        numbered = itertools.dropwhile(lambda item: rate and item[1].sample_rate != rate, reader)
        # Each part is resampled on its own.
        for rate, part in itertools.groupby(numbered, key=lambda item: item[1].sample_rate):
            if rate not in _PLAUSIBLE_RATES:
                raise damaged(f"it claims {rate} samples a second")
            # Samples of both rates coincide every `step` samples; resampling starts there.
            step = rate // math.gcd(rate, SAMPLE_RATE)
            skip = -part_samples % step
            mono = self._mixed(part, reader, rate, position, part_samples)
            position += (part_samples + skip) * SAMPLE_RATE // rate
            for block in _resampled(_seconds(without_first(mono, skip), rate), rate):
                yield position, block
                position += block.size
            part_samples = 0

    def _mixed(
        self,
        part: Iterable[tuple[int, AudioFrame]],
        reader: FrameReader,
        rate: int,
        part_start: int,
        part_samples: int,
    ) -> Iterator[Samples]:
        """Mix a part to mono, and keep the last packet from which the stop can be reached."""
        mixer = Mixer()
        run_in = rate // math.gcd(rate, SAMPLE_RATE) + _RESAMPLER_RUN_IN_S * rate
        latest = (self._stop - part_start) * rate / SAMPLE_RATE - run_in
        last_number = None
        for number, frame in part:
            if number != last_number and (last_number is None or part_samples <= latest):
                self._next = ResumePoint(
                    packet=number,
                    rate=rate,
                    part_start=part_start,
                    part_samples=part_samples,
                    counts=reader.counts_before,
                )
            last_number = number
            mono = mixer(frame)
            part_samples += mono.size
            yield mono


def declared_s(container: InputContainer, stream: AudioStream) -> float | None:
    """Return the length by the file's headers, in seconds; None where they do not say it."""
    if stream.duration is not None and stream.time_base is not None:
        seconds = float(stream.duration * stream.time_base)
    else:
        seconds = (container.duration or 0) / 1e6
    return seconds if seconds > 0 else None


def _up_to(stop: float, position: int) -> int | None:
    return None if stop == math.inf else max(int(stop) - position, 0)


def _resampled(blocks: Iterable[Samples], rate: int) -> Iterator[Samples]:
    if rate == SAMPLE_RATE:
        yield from blocks
        return
    resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="VHQ")
    for block in blocks:
        yield resampler.resample_chunk(block)
    yield resampler.resample_chunk(np.empty(0, np.float32), last=True)


def _seconds(blocks: Iterable[Samples], rate: int) -> Iterator[Samples]:
    """Join blocks into blocks of at least a second, with finite values."""
    pending: list[Samples] = []
    size = 0
    for block in blocks:
        pending.append(block)
        size += block.size
        if size >= rate:
            yield _finite(pending)
            pending, size = [], 0
    if pending:
        yield _finite(pending)


def _finite(blocks: list[Samples]) -> Samples:
    joined = np.nan_to_num(np.concatenate(blocks), nan=0.0, posinf=0.0, neginf=0.0)
    return np.clip(joined, -_MAX_AMPLITUDE, _MAX_AMPLITUDE)


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
