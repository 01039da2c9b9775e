"""A stretch of a track at our rate, and where in the file the next one goes on.

A long track is decoded a stretch at a time, by whichever process is free. Joined, the
stretches are what one run would have decoded, to within the last bit. A seek could not
promise that: timestamps are missing, rounded to milliseconds or wrong after a damaged place,
and samples lack them altogether once packets are left out. So a place in a file is the number
of a packet here, and how many samples had come of the packets before it.
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
from shared.music.decoding.container import Source, open_sound
from shared.music.decoding.frames import FrameReader, Mixer, Tally, damaged
from shared.music.decoding.pcm import from_pcm16, to_pcm16

Samples = NDArray[np.float32]

_RATES: Final = range(1_000, 768_001)
"""Sample rates that are believed, in hertz: real files lie between 4000 and 384000."""

_LOUDEST: Final = 16.0
"""Float files may exceed full scale; what exceeds it sixteenfold is no sound."""

_RUN_UP_S: Final = 0.25
"""Sound that the resampler is given before the first sample that is wanted, in seconds. Its
longest filter reaches 0.03 s back, at 8 kHz."""


class ResumePoint(BaseModel):
    """Where a passage ends and the next one begins.

    A run is a stretch of one sample rate; only joined files and broadcasts have several.
    """

    model_config = ConfigDict(frozen=True)

    samples: int = 0
    """Samples at our rate that lie before it, from the start of the track."""
    packet: int = 0
    """Number of the packet, a little earlier, from which decoding is taken up."""
    rate: int | None = None
    """Sample rate of the run that this packet belongs to, in hertz."""
    run_start: int = 0
    """Samples at our rate before that run."""
    run_samples: int = 0
    """Samples at the run's own rate, within the run, before that packet."""
    tally: Tally = Tally()
    """How many packets before that one could be decoded."""


START: Final = ResumePoint()
"""The start of any file."""


class ResumableDecoder:
    """Decodes a stretch of a track; an iterable of blocks, good for one passage.

    Args:
        source: a path, or a file that can be read and sought; it is not closed.
        max_duration_s: longest track that is accepted, in seconds.
        start: where to begin: the ``bookmark`` of the passage before, of the same file.
        samples: length that is wanted, at ``SAMPLE_RATE``; None for all that is left.

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
        self._mark = (start.packet, start.rate, start.run_start, start.run_samples, start.tally)
        self.declared_s: float | None = None
        """The track's length in seconds by the file's own word, once the first block is there."""
        self.bookmark: ResumePoint | None = start
        """Where the next passage begins, after the last block; None at the end of the track."""

    def __iter__(self) -> Iterator[Samples]:
        """Yield blocks of about a second, shape (n,), float32 on the grid k / 32768.

        Raises:
            AudioError: as ``decoding.decoder.decode``.
            OSError: reading the file failed part way.

        """
        with open_sound(self._source) as (container, stream):
            self.declared_s = declared_s(container, stream)
            if (self.declared_s or 0) > self._max_duration_s:
                raise _too_long(self._max_duration_s)
            start = self._start
            reader = FrameReader(container, stream, packet=start.packet, tally=start.tally)
            for first, block in self._blocks(reader):
                if first + block.size > round(self._max_duration_s * SAMPLE_RATE):
                    raise _too_long(self._max_duration_s)
                wanted = block[max(start.samples - first, 0) : _up_to(self._stop, first)]
                if wanted.size:
                    yield from_pcm16(to_pcm16(wanted))
                if first + block.size >= self._stop:
                    self.bookmark = self._bookmark()
                    return
        self.bookmark = None

    def _bookmark(self) -> ResumePoint:
        packet, rate, run_start, run_samples, tally = self._mark
        return ResumePoint(
            samples=int(self._stop),
            packet=packet,
            rate=rate,
            run_start=run_start,
            run_samples=run_samples,
            tally=tally,
        )

    def _blocks(self, reader: FrameReader) -> Iterator[tuple[int, Samples]]:
        """Yield blocks at our rate, each with its place in the track, from before the start."""
        place, run_samples = self._start.run_start, self._start.run_samples
        # The packet of the bookmark may begin with the last frame of the run before.
        others = self._start.rate
        found = itertools.dropwhile(lambda item: others and item[1].sample_rate != others, reader)
        # A broadcast or a joined file may change its rate on the way: each run stands alone.
        for rate, run in itertools.groupby(found, key=lambda item: item[1].sample_rate):
            if rate not in _RATES:
                raise damaged(f"it claims {rate} samples a second")
            # Where samples of both rates coincide; from there the grid is that of one run.
            step = rate // math.gcd(rate, SAMPLE_RATE)
            skip = -run_samples % step
            sound = self._followed(run, reader, rate, place, run_samples)
            place += (run_samples + skip) * SAMPLE_RATE // rate
            for block in _at_our_rate(_gathered(_without(sound, skip), rate), rate):
                yield place, block
                place += block.size
            run_samples = 0

    def _followed(
        self,
        run: Iterable[tuple[int, AudioFrame]],
        reader: FrameReader,
        rate: int,
        run_start: int,
        run_samples: int,
    ) -> Iterator[Samples]:
        """Mix a run, noting the last packet from which the end of this passage can be reached."""
        mixer = Mixer()
        run_up = rate // math.gcd(rate, SAMPLE_RATE) + _RUN_UP_S * rate
        latest = (self._stop - run_start) * rate / SAMPLE_RATE - run_up
        known = None
        for number, frame in run:
            if number != known and (known is None or run_samples <= latest):
                self._mark = (number, rate, run_start, run_samples, reader.before)
            known = number
            piece = mixer(frame)
            run_samples += piece.size
            yield piece


def declared_s(container: InputContainer, stream: AudioStream) -> float | None:
    """Length in seconds by the file's own word, where it says so at all."""
    if stream.duration is not None and stream.time_base is not None:
        seconds = float(stream.duration * stream.time_base)
    else:
        seconds = (container.duration or 0) / 1e6
    return seconds if seconds > 0 else None


def _up_to(stop: float, first: int) -> int | None:
    return None if stop == math.inf else max(int(stop) - first, 0)


def _without(pieces: Iterable[Samples], count: int) -> Iterator[Samples]:
    """Leave out the first samples."""
    for piece in pieces:
        if count < piece.size:
            yield piece[count:]
        count = max(count - piece.size, 0)


def _at_our_rate(blocks: Iterable[Samples], rate: int) -> Iterator[Samples]:
    if rate == SAMPLE_RATE:
        yield from blocks
        return
    resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="VHQ")
    for block in blocks:
        yield resampler.resample_chunk(block)
    yield resampler.resample_chunk(np.empty(0, np.float32), last=True)


def _gathered(pieces: Iterable[Samples], rate: int) -> Iterator[Samples]:
    """Join pieces into blocks of a second or little more, free of what is not a number."""
    pending: list[Samples] = []
    size = 0
    for piece in pieces:
        pending.append(piece)
        size += piece.size
        if size >= rate:
            yield _finite(pending)
            pending, size = [], 0
    if pending:
        yield _finite(pending)


def _finite(pieces: list[Samples]) -> Samples:
    joined = np.nan_to_num(np.concatenate(pieces), nan=0.0, posinf=0.0, neginf=0.0)
    return np.clip(joined, -_LOUDEST, _LOUDEST)


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
