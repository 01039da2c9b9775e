"""Conditions: the same music louder, quieter, and in other formats."""

import io
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, cast

import av
import numpy as np
import soxr
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from shared.music.constants import SAMPLE_RATE
from shared.music.decoding.pcm import to_pcm16

ORIGINAL: Final = "original"
"""Name of the unchanged recording, beside the names of the conditions."""

_LAYOUTS: Final = {1: "mono", 2: "stereo"}


@dataclass(frozen=True)
class Condition:
    """One way to make a file of a track's samples.

    Attributes:
        name: short, without spaces.
        meaning: the change, in a few words.
        gain_db: change of level, in decibels.
        rate: sample rate of the file, in hertz.
        channels: 1, or 2 with the same samples.
        container: FFmpeg's name of the container format.
        codec: FFmpeg's name of the encoder.
        bit_rate: target of the encoder, in bits per second; ``None`` for lossless codecs.
        counts: whether the target applies to it.

    """

    name: str
    meaning: str
    gain_db: float = 0.0
    rate: int = SAMPLE_RATE
    channels: int = 1
    container: str = "wav"
    codec: str = "pcm_s16le"
    bit_rate: int | None = None
    counts: bool = True

    def file_of(self, samples: NDArray[np.float32]) -> bytes:
        """Encode a track under this condition.

        Samples are resampled by soxr where the rates differ, and rounded to 16 bits before
        encoding. Samples beyond full scale are clipped, as in a track that was made louder.

        Args:
            samples: shape (n,), float32, mono at ``SAMPLE_RATE``, full scale 1.

        Returns:
            The encoded file.

        """
        louder = samples * np.float32(10 ** (self.gain_db / 20))
        if self.rate != SAMPLE_RATE:
            louder = soxr.resample(louder, SAMPLE_RATE, self.rate, quality="VHQ")
        return self._encoded(to_pcm16(louder))

    def _encoded(self, pcm: NDArray[np.int16]) -> bytes:
        layout = _LAYOUTS[self.channels]
        frame = av.AudioFrame.from_ndarray(np.repeat(pcm, self.channels)[np.newaxis], "s16", layout)
        frame.sample_rate = self.rate
        frame.pts, frame.time_base = 0, Fraction(1, self.rate)
        file = io.BytesIO()
        with av.open(file, "w", format=self.container) as container:
            added = container.add_stream(self.codec, rate=self.rate, layout=layout)
            stream = cast("AudioStream", added)
            if self.bit_rate is not None:
                stream.bit_rate = self.bit_rate
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return file.getvalue()


CONDITIONS: Final = (
    Condition("gain-12", "12 dB quieter", gain_db=-12),
    Condition("gain-6", "6 dB quieter", gain_db=-6),
    Condition("gain+6", "6 dB louder, clipped", gain_db=6),
    Condition(
        "mp3-64",
        "mp3 at 64 kbit/s, stereo at 44.1 kHz",
        rate=44_100,
        channels=2,
        container="mp3",
        codec="libmp3lame",
        bit_rate=64_000,
    ),
    Condition(
        "mp3-64-mono",
        "mp3 at 64 kbit/s, mono at 22.05 kHz",
        container="mp3",
        codec="libmp3lame",
        bit_rate=64_000,
    ),
    Condition(
        "opus-32",
        "voice message, opus at 32 kbit/s",
        rate=48_000,
        container="ogg",
        codec="libopus",
        bit_rate=32_000,
    ),
    Condition("wav-44100", "wav, stereo at 44.1 kHz", rate=44_100, channels=2),
    Condition("wav-48000", "wav, stereo at 48 kHz", rate=48_000, channels=2),
    Condition(
        "m4a-96",
        "m4a (AAC) at 96 kbit/s, stereo at 44.1 kHz",
        rate=44_100,
        channels=2,
        container="ipod",
        codec="aac",
        bit_rate=96_000,
    ),
    Condition(
        "mp3-128",
        "mp3 at 128 kbit/s, stereo at 44.1 kHz",
        rate=44_100,
        channels=2,
        container="mp3",
        codec="libmp3lame",
        bit_rate=128_000,
    ),
    Condition(
        "flac",
        "flac, stereo at 44.1 kHz",
        rate=44_100,
        channels=2,
        container="flac",
        codec="flac",
    ),
    Condition(
        "opus-16",
        "voice message, opus at 16 kbit/s",
        rate=48_000,
        container="ogg",
        codec="libopus",
        bit_rate=16_000,
        counts=False,
    ),
)
"""The default conditions. Telegram's clients do not record Opus as low as 16 kbit/s."""
