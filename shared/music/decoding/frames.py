"""Decoding packets to frames, skipping damaged packets, and mixing frames to mono."""

from collections.abc import Iterator
from typing import Final, NamedTuple, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from numpy.typing import NDArray

from shared.errors import AudioError, ErrorCode
from shared.music.decoding.container import ADVICE, encrypted

_READ_FAILURES: Final = 16
"""How many demuxer errors are skipped before reading stops."""

_PRE_ROLL: Final = 32
"""Packets decoded and dropped before the first wanted one, as codecs depend on earlier packets:
mp3 on nine of them, Opus on 80 ms."""

_UNSAFE_PLANES: Final = 8
"""From this number of planes on PyAV miscounts them: it looks for a null pointer after the last
of at most eight."""

_FULL_SCALE: Final = {"u1": 128.0, "i2": 32_768.0, "i4": 2_147_483_648.0, "f4": 1.0, "f8": 1.0}


class PacketCounts(NamedTuple):
    """Numbers of intact and of damaged packets so far, and of frames decoded from them."""

    intact: int = 0
    damaged: int = 0
    frames: int = 0

    def with_packet(self, frames: list[AudioFrame] | None) -> "PacketCounts":
        """Return the counts with one more packet, given its frames, or None if it is damaged."""
        if frames is None:
            return self._replace(damaged=self.damaged + 1)
        return self._replace(intact=self.intact + 1, frames=self.frames + len(frames))


class FrameReader:
    """Decodes a stream packet by packet and leaves out damaged packets.

    Args:
        container: a container that has just been opened.
        stream: its audio stream.
        first_packet: number of the first packet whose frames are wanted. Earlier packets are
            read but, except for ``_PRE_ROLL`` of them, not decoded. This is ten to twenty
            times as fast as decoding and, unlike a seek, exact in every format.
        counts: the counts of all packets before ``first_packet``.

    """

    def __init__(
        self,
        container: InputContainer,
        stream: AudioStream,
        *,
        first_packet: int = 0,
        counts: "PacketCounts | None" = None,
    ) -> None:
        self._container = container
        self._stream = stream
        self._first = first_packet
        self.counts_before = self._counts = counts or PacketCounts()
        """Counts of all packets before the one whose frames are yielded at the moment."""

    def __iter__(self) -> Iterator[tuple[int, AudioFrame]]:
        """Yield each frame with the number of its packet.

        Raises:
            AudioError: ``DAMAGED`` at the end where there was no frame, or more damaged
                packets than intact ones; ``ENCRYPTED`` at the first encrypted packet.

        """
        for number, packet in enumerate(_packets(self._container, self._stream)):
            if number < self._first - _PRE_ROLL:
                continue
            if packet.has_sidedata("encryption_info"):
                raise encrypted()
            frames = _decode(packet)
            if number < self._first:
                continue
            self.counts_before = self._counts
            self._counts = self._counts.with_packet(frames)
            for frame in frames or ():
                yield number, frame
        if not self._counts.frames or self._counts.damaged > self._counts.intact:
            raise damaged("most of its sound cannot be decoded")


def _decode(packet: "Packet[AudioStream]") -> list[AudioFrame] | None:
    """Return a packet's frames, or None where it is damaged."""
    try:
        return packet.decode()
    except av.FFmpegError:
        return None


def damaged(what: str) -> AudioError:
    """Return the error for a file of a known format that cannot be decoded."""
    return AudioError(ErrorCode.DAMAGED, f"The file is damaged: {what}. {ADVICE}")


def _packets(container: InputContainer, stream: AudioStream) -> "Iterator[Packet[AudioStream]]":
    for _ in range(_READ_FAILURES):
        try:
            yield from container.demux(stream)
        except av.FFmpegError:
            continue
        return
    flush = cast("Packet[AudioStream]", Packet())
    flush.stream = stream
    yield flush


class Mixer:
    """Mixes frames of one sample rate to mono, by the mean of the channels."""

    def __init__(self) -> None:
        self._interleaver: AudioResampler | None = None
        self._interleaver_input: tuple[str, str] | None = None

    def __call__(self, frame: AudioFrame) -> NDArray[np.float32]:
        """Mix a frame as ``librosa.to_mono`` does.

        Args:
            frame: sample format and channel layout may differ from frame to frame.

        Returns:
            Shape (samples,), float32, full scale 1; samples of float formats may exceed it.

        """
        if not _is_readable(frame):
            return np.concatenate([self._mean(part) for part in self._interleave(frame)])
        return self._mean(frame)

    def _interleave(self, frame: AudioFrame) -> list[AudioFrame]:
        """Convert a frame to one plane of interleaved doubles."""
        shape = (frame.format.name, frame.layout.name)
        if self._interleaver is None or shape != self._interleaver_input:
            self._interleaver, self._interleaver_input = AudioResampler(format="dbl"), shape
        return self._interleaver.resample(frame)

    @staticmethod
    def _mean(frame: AudioFrame) -> NDArray[np.float32]:
        raw = frame.to_ndarray()
        channels = frame.layout.nb_channels
        planes = raw if frame.format.is_planar else raw.reshape(-1, channels).T
        zero = 128 if raw.dtype == np.uint8 else 0
        with np.errstate(all="ignore"):
            mixed: NDArray[np.float32] = (planes.astype(np.float32) - zero).mean(axis=0)
            mixed /= _FULL_SCALE[raw.dtype.str[1:]]
        return mixed


def _is_readable(frame: AudioFrame) -> bool:
    """Tell whether PyAV can convert a frame to an array."""
    layout, sample_format = frame.layout, frame.format
    if sample_format.is_planar and layout.nb_channels >= _UNSAFE_PLANES:
        return False
    return sample_format.name in av.audio.frame.format_dtypes
