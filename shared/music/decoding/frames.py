"""From packets to frames, past the damaged ones, and from frames to one channel."""

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
from shared.music.decoding.container import ADVICE, locked

_READ_FAILURES: Final = 16
"""Times that reading is taken up again behind a place that the demuxer stumbles over."""

_WARM_UP: Final = 32
"""Packets that are decoded and thrown away where decoding begins inside a file: codecs lean on
what came before, mp3 on nine packets and Opus on 80 ms."""

_PLANES: Final = 8
"""PyAV counts a frame's planes up to a null pointer, which eight of them leave no room for."""

_FULL_SCALE: Final = {"u1": 128.0, "i2": 32_768.0, "i4": 2_147_483_648.0, "f4": 1.0, "f8": 1.0}


class Tally(NamedTuple):
    """How many packets could be decoded, how many could not, and the frames that came of it."""

    intact: int = 0
    broken: int = 0
    frames: int = 0

    def and_of(self, found: list[AudioFrame] | None) -> "Tally":
        """Count one more packet, by its frames; None where it is broken."""
        if found is None:
            return self._replace(broken=self.broken + 1)
        return self._replace(intact=self.intact + 1, frames=self.frames + len(found))


class FrameReader:
    """Decodes a stream packet by packet, leaving out what is damaged.

    Args:
        container: just opened.
        stream: its sound.
        packet: number of the first packet whose sound is wanted. What lies before it is
            read but, except for the last few packets, not decoded: ten to twenty times as
            fast, and unlike a seek it finds the same place in a file of every kind.
        tally: what is known of the packets before that one.

    """

    def __init__(
        self,
        container: InputContainer,
        stream: AudioStream,
        *,
        packet: int = 0,
        tally: "Tally | None" = None,
    ) -> None:
        self._container = container
        self._stream = stream
        self._first = packet
        self.before = self._tally = tally or Tally()
        """What is known of the packets before the one whose frames come at the moment."""

    def __iter__(self) -> Iterator[tuple[int, AudioFrame]]:
        """Yield each frame with the number of the packet that it came of.

        Raises:
            AudioError: ``DAMAGED`` at the end when nothing, or less than half of the
                packets, could be decoded; ``ENCRYPTED`` at the first locked packet.

        """
        for number, packet in enumerate(_packets(self._container, self._stream)):
            if number < self._first - _WARM_UP:
                continue
            if packet.has_sidedata("encryption_info"):
                raise locked()
            found = _decoded(packet)
            if number < self._first:
                continue
            self.before = self._tally
            self._tally = self._tally.and_of(found)
            for frame in found or ():
                yield number, frame
        if not self._tally.frames or self._tally.broken > self._tally.intact:
            raise damaged("most of its sound cannot be decoded")


def _decoded(packet: "Packet[AudioStream]") -> list[AudioFrame] | None:
    try:
        return packet.decode()
    except av.FFmpegError:
        return None


def damaged(what: str) -> AudioError:
    """The error for a file that is recognized but cannot be decoded."""
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
    """Means over the channels of frames that share one sample rate."""

    def __init__(self) -> None:
        self._packer: AudioResampler | None = None
        self._packs: tuple[str, str] | None = None

    def __call__(self, frame: AudioFrame) -> NDArray[np.float32]:
        """Mix a frame as ``librosa.to_mono`` does.

        Args:
            frame: any sample format and channel layout, changing at will.

        Returns:
            Shape (samples,), float32, full scale 1; floats may lie beyond it.

        """
        if not _readable(frame):
            return np.concatenate([self._mean(packed) for packed in self._packed(frame)])
        return self._mean(frame)

    def _packed(self, frame: AudioFrame) -> list[AudioFrame]:
        """Rewrite a frame with its channels interleaved in one plane of doubles."""
        shape = (frame.format.name, frame.layout.name)
        if self._packer is None or shape != self._packs:
            self._packer, self._packs = AudioResampler(format="dbl"), shape
        return self._packer.resample(frame)

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


def _readable(frame: AudioFrame) -> bool:
    layout, sample_format = frame.layout, frame.format
    if sample_format.is_planar and layout.nb_channels >= _PLANES:
        return False
    return sample_format.name in av.audio.frame.format_dtypes
