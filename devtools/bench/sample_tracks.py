"""Audio to measure: variations of the demo's minute, joined to tracks of any length."""

import io
from functools import lru_cache
from itertools import count
from typing import Final, Literal, cast

import av
import numpy as np
import soxr
from numpy.typing import NDArray

from devtools.local.demo_track import RATE, compose

Sound = NDArray[np.float32]
Kind = Literal["mp3", "m4a", "opus"]

MINUTE_S: Final = 60
VARIATIONS: Final = 6
"""Number of different minutes; a longer track repeats them."""
SPEEDS: Final = (1.0, 0.94, 1.05, 0.97, 1.08, 1.02)
"""Playback speed of each variation; it also changes the pitch."""
LEVELS: Final = (1.0, 0.7, 0.9, 0.5, 0.8, 0.6)

_CODECS: Final = {
    "mp3": ("mp3", "libmp3lame", "fltp", 44_100),
    "m4a": ("ipod", "aac", "fltp", 44_100),
    "opus": ("ogg", "libopus", "flt", 48_000),
}
_BARE: Final = {"write_xing": "0", "id3v2_version": "0"}
"""Frames without headers: such mp3 can be concatenated, and its size gives its length."""
_copies = count(1)


def track(seconds: int, kind: Kind = "mp3", *, bit_rate: int = 128_000) -> bytes:
    """Make a track.

    Args:
        seconds: length; an mp3 longer than a minute has whole minutes.
        kind: container and codec.
        bit_rate: in bits per second; below 64 000 the track is mono at half the sample rate.

    """
    if kind == "mp3" and seconds % MINUTE_S == 0:
        minutes = (_mp3_minute(n % VARIATIONS, bit_rate) for n in range(seconds // MINUTE_S))
        return b"".join(minutes)
    parts = [_minute(n % VARIATIONS) for n in range(-(-seconds // MINUTE_S))]
    return _encoded(np.concatenate(parts, axis=1)[:, : seconds * RATE], kind, bit_rate)


def unique_copy(data: bytes) -> bytes:
    """Append zeros to an mp3, more for each copy, so that no copy is in the result cache."""
    return data + bytes(next(_copies))


@lru_cache(maxsize=1)
def _composed() -> Sound:
    """Return the demo's minute, float32 of shape (2, samples) at RATE."""
    with av.open(io.BytesIO(compose()), "r") as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return np.concatenate(frames, axis=1)


@lru_cache(maxsize=VARIATIONS)
def _minute(variation: int) -> Sound:
    played = soxr.resample(_composed().T, RATE * SPEEDS[variation], RATE).T
    wanted = RATE * MINUTE_S
    looped = np.take(played, np.arange(wanted) % played.shape[1], axis=1)
    level = np.float32(LEVELS[variation])
    return np.asarray(looped, np.float32) * level


@lru_cache
def _mp3_minute(variation: int, bit_rate: int) -> bytes:
    return _encoded(_minute(variation), "mp3", bit_rate)


def _encoded(stereo: Sound, kind: Kind, bit_rate: int) -> bytes:
    container_name, codec, sample_format, rate = _CODECS[kind]
    layout = "stereo"
    if bit_rate < 64_000:  # noqa: PLR2004 - as ``track`` says
        stereo, rate, layout = stereo.mean(axis=0, keepdims=True), rate // 2, "mono"
    sound = stereo if rate == RATE else soxr.resample(stereo.T, RATE, rate).T
    file = io.BytesIO()
    options = _BARE if kind == "mp3" else {}
    with av.open(file, "w", format=container_name, options=options) as container:
        stream = cast("av.AudioStream", container.add_stream(codec, rate=rate))
        stream.layout, stream.format, stream.bit_rate = layout, sample_format, bit_rate
        for start in range(0, sound.shape[1], rate):
            block = np.ascontiguousarray(sound[:, start : start + rate].T).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(block, format="flt", layout=layout)
            frame.sample_rate, frame.pts = rate, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()
