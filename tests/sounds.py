"""Synthesized sounds and the files made of them: no recording is part of the tests."""

import io
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, cast

import av
import numpy as np
import soxr
from numpy.typing import NDArray

from shared.music.constants import SAMPLE_RATE

Samples = NDArray[np.float32]

PICTURE_SIDE: Final = 64


@dataclass(frozen=True)
class Recipe:
    """How PyAV writes one kind of file; ``video`` names the codec of a picture track."""

    container: str
    codec: str
    sample_format: str = "fltp"
    rates: tuple[int, ...] = ()
    min_channels: int = 1
    bit_rate: int | None = None
    options: dict[str, str] = field(default_factory=dict)
    video: str | None = None


RECIPES: Final[dict[str, Recipe]] = {
    "wav": Recipe("wav", "pcm_s16le", "s16"),
    "mp3": Recipe("mp3", "libmp3lame", bit_rate=128_000),
    # FFmpeg's own Vorbis encoder is marked experimental and writes stereo alone.
    "ogg": Recipe("ogg", "vorbis", min_channels=2, options={"strict": "-2"}),
    "opus": Recipe("ogg", "libopus", "flt", rates=(48_000,), bit_rate=96_000),
    "m4a": Recipe("ipod", "aac", bit_rate=128_000),
    "aac": Recipe("adts", "aac", bit_rate=128_000),
    "flac": Recipe("flac", "flac", "s16"),
    "wma": Recipe("asf", "wmav2", bit_rate=128_000),
    "aiff": Recipe("aiff", "pcm_s16be", "s16"),
    "amr": Recipe("amr", "libopencore_amrnb", "s16", rates=(8_000,), bit_rate=12_200),
    "mp4": Recipe("mp4", "aac", bit_rate=128_000, video="mpeg4"),
    "mkv": Recipe("matroska", "aac", bit_rate=128_000, video="mpeg4"),
    "webm": Recipe("webm", "libopus", "flt", rates=(48_000,), bit_rate=96_000, video="libvpx"),
    "w64": Recipe("w64", "pcm_s16le", "s16"),
    "caf": Recipe("caf", "pcm_s16be", "s16"),
}
RARE: Final = ("w64", "caf")
FORMATS: Final = tuple(suffix for suffix in RECIPES if suffix not in RARE)
"""Suffixes that ``encode`` knows, without the rare ones."""

SAMPLE_FORMATS: Final = {
    "alac": "s16p",
    "pcm_f32le": "flt",
    "pcm_f64le": "dbl",
    "pcm_s24le": "s32",
    "pcm_s32le": "s32",
    "pcm_s64le": "s64",
    "pcm_u8": "u8",
}
"""What codecs that can stand in for a container's usual one take, in FFmpeg's names."""

LAYOUTS: Final = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1", 16: "hexadecagonal"}
"""FFmpeg's names of the channel layouts that are written."""


def tone(
    seconds: float, hz: float = 440.0, *, level: float = 0.5, sample_rate: int = SAMPLE_RATE
) -> Samples:
    """A sine of peak ``level``, float32 of shape (seconds * sample_rate,)."""
    t = np.arange(round(seconds * sample_rate)) / sample_rate
    return (level * np.sin(2 * np.pi * hz * t)).astype(np.float32)


def noise(
    seconds: float, *, level: float = 0.1, seed: int = 0, sample_rate: int = SAMPLE_RATE
) -> Samples:
    """White noise of standard deviation ``level``, clipped to full scale."""
    rng = np.random.default_rng(seed)
    drawn = level * rng.standard_normal(round(seconds * sample_rate), dtype=np.float32)
    return drawn.clip(-1, 1)


def silence(seconds: float, *, sample_rate: int = SAMPLE_RATE) -> Samples:
    """Digital silence."""
    return np.zeros(round(seconds * sample_rate), np.float32)


def tune(seconds: float, seed: int = 0, *, sample_rate: int = SAMPLE_RATE) -> Samples:
    """A tune that the music detector takes for music: chords, bass, melody, drums at 120 bpm."""
    rng = np.random.default_rng(seed)
    beat = sample_rate // 2
    t = np.arange(beat) / sample_rate
    beats = -(-round(seconds * sample_rate) // beat)
    joined = np.concatenate([_beat(place, t, rng) for place in range(beats)])
    sound: Samples = joined[: round(seconds * sample_rate)].clip(-1, 1).astype(np.float32)
    return sound


def chords(seconds: float, seed: int = 0, *, sample_rate: int = SAMPLE_RATE) -> Samples:
    """Decaying chords over a beat of noise: sound of every kind, but too plain for music."""
    rng = np.random.default_rng(seed)
    beat = sample_rate // 2
    beats = -(-round(seconds * sample_rate) // beat)
    t = np.arange(beat) / sample_rate
    out = np.empty((beats, beat))
    for row in out:
        roots = 110 * 2 ** (rng.choice([0, 2, 3, 5, 7, 8, 10, 12], 3) / 12)
        phases = 2 * np.pi * roots[:, None] * t
        chord = sum(np.sin(k * phases).sum(axis=0) / k for k in (1, 2, 3, 4))
        row[:] = 0.08 * chord * np.exp(-6 * t)
        row += 0.1 * rng.standard_normal(beat) * np.exp(-40 * t)  # noqa: PLW2901 - in place
    joined = out.ravel()[: round(seconds * sample_rate)]
    return np.clip(joined, -1, 1).astype(np.float32)


def _beat(place: int, t: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """One beat of a tune."""
    root = (0, 5, 7, 0)[place // 4 % 4]
    chord = [_voice(220 * 2 ** ((root + third) / 12), t, 6) for third in (0, 4, 7)]
    melody = root + rng.choice([0, 2, 4, 7, 9])
    loud = (0.1, 0.05)[place % 2]
    sound = 0.05 * np.sum(chord, axis=0) * np.exp(-6 * t) * (1 - np.exp(-200 * t))
    sound += 0.15 * _voice(55 * 2 ** (root / 12), t, 2) * np.exp(-2 * t)
    sound += 0.08 * _voice(440 * 2 ** (melody / 12), t, 4) * np.exp(-3 * t)
    sound += loud * rng.standard_normal(t.size) * np.exp(-60 * t)
    if place % 2 == 0:
        sound += 0.3 * np.sin(2 * np.pi * 50 * t * np.exp(-4 * t)) * np.exp(-12 * t)
    return np.asarray(sound, np.float64)


def _voice(pitch: float, t: NDArray[np.float64], harmonics: int) -> NDArray[np.float64]:
    """One note, its harmonics ever weaker; phases differ, so that peaks do not pile up."""
    waves = [np.sin(2 * np.pi * k * pitch * t + k) / k**1.4 for k in range(1, harmonics + 1)]
    return np.asarray(np.sum(waves, axis=0), np.float64)


def encode(  # noqa: PLR0913 - two positions, the rest keywords
    samples: Samples,
    suffix: str,
    *,
    sample_rate: int = SAMPLE_RATE,
    channels: int = 1,
    codec: str | None = None,
    title: str | None = None,
) -> bytes:
    """Write samples as a file of the kind that ``suffix`` names.

    Args:
        samples: shape (n,), repeated on every channel, or (channels, n); in [-1, 1].
        suffix: one of ``FORMATS``. Kinds that fix their rate (opus, webm, amr) get
            the samples resampled to it; Vorbis ("ogg") is stereo at least.
        sample_rate: rate of ``samples``, in hertz.
        channels: channels to write when ``samples`` has one dimension.
        codec: writes one of ``SAMPLE_FORMATS`` into the same container, as 24 bits into wav.
        title: written as the track's title tag.

    """
    recipe = RECIPES[suffix]
    planes = np.tile(samples, (channels, 1)) if samples.ndim == 1 else samples
    if planes.shape[0] < recipe.min_channels:
        planes = np.tile(planes, (recipe.min_channels, 1))
    if recipe.rates and sample_rate not in recipe.rates:
        resampled = soxr.resample(np.ascontiguousarray(planes.T), sample_rate, recipe.rates[0])
        planes, sample_rate = resampled.T, recipe.rates[0]
    file = io.BytesIO()
    with av.open(file, "w", format=recipe.container) as container:
        if title is not None:
            container.metadata["title"] = title
        audio = _add_audio(container, codec or recipe.codec, recipe, sample_rate, planes.shape[0])
        audio.format = SAMPLE_FORMATS[codec] if codec else recipe.sample_format
        video = _add_video(container, recipe.video) if recipe.video else None
        container.start_encoding()
        if video is not None:
            seconds = planes.shape[1] / sample_rate
            _write_pictures(container, video, max(1, round(seconds * 5)))
        _write_sound(container, audio, planes, sample_rate)
    return file.getvalue()


def mp3_of_variable_bit_rate(samples: Samples, *, index: bool) -> bytes:
    """An mp3 whose packets have all sizes, with or without the Xing table of where they lie."""
    file = io.BytesIO()
    options = {"write_xing": str(int(index)), "id3v2_version": "0"}
    with av.open(file, "w", format="mp3", options=options) as container:
        audio = container.add_stream("libmp3lame", rate=SAMPLE_RATE)
        audio.layout, audio.format = "mono", "fltp"
        audio.codec_context.flags |= 2  # AV_CODEC_FLAG_QSCALE: constant quality
        audio.codec_context.global_quality = 4 * 118  # FF_QP2LAMBDA
        container.start_encoding()
        _write_sound(container, audio, samples[None], SAMPLE_RATE)
    return file.getvalue()


def mp3_with_cover(samples: Samples) -> bytes:
    """An mp3 whose ID3 tag holds a picture, which FFmpeg shows as a video stream."""
    return _with_cover(samples, "mp3")


def flac_with_cover(samples: Samples) -> bytes:
    """A flac file with a picture block."""
    return _with_cover(samples, "flac")


def picture() -> bytes:
    """A grey JPEG."""
    codec = av.CodecContext.create("mjpeg", "w")
    codec.width = codec.height = PICTURE_SIDE
    codec.pix_fmt = "yuvj420p"
    codec.time_base = Fraction(1, 1)
    return b"".join(bytes(packet) for packet in codec.encode(_frame("yuvj420p", 0)))


def video_without_sound(suffix: str = "mp4") -> bytes:
    """Two seconds of moving grey and no audio stream."""
    recipe = RECIPES[suffix]
    file = io.BytesIO()
    with av.open(file, "w", format=recipe.container) as container:
        _write_pictures(container, _add_video(container, recipe.video or "mpeg4"), 10)
    return file.getvalue()


def _add_audio(
    container: av.container.OutputContainer, codec: str, recipe: Recipe, rate: int, channels: int
) -> av.AudioStream:
    stream = cast("av.AudioStream", container.add_stream(codec, rate=rate, options=recipe.options))
    stream.layout = LAYOUTS[channels]
    if recipe.bit_rate and codec == recipe.codec:
        stream.bit_rate = recipe.bit_rate
    return stream


def _add_video(container: av.container.OutputContainer, codec: str) -> av.VideoStream:
    stream = cast("av.VideoStream", container.add_stream(codec, rate=5))
    stream.width = stream.height = PICTURE_SIDE
    stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    return stream


def _frame(pixel_format: str, shade: int) -> av.VideoFrame:
    grey = np.full((PICTURE_SIDE * 3 // 2, PICTURE_SIDE), 100 + shade % 100, np.uint8)
    return av.VideoFrame.from_ndarray(grey, format=pixel_format)


def _write_pictures(
    container: av.container.OutputContainer, stream: av.VideoStream, count: int
) -> None:
    for index in range(count):
        frame = _frame(str(stream.pix_fmt), index)
        frame.pts = index
        frame.time_base = Fraction(1, 5)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _write_sound(
    container: av.container.OutputContainer,
    stream: av.AudioStream,
    planes: Samples,
    sample_rate: int,
) -> None:
    for start in range(0, planes.shape[1], sample_rate):
        # Interleaved: PyAV counts the planes of eight and more channels wrongly.
        piece = planes[:, start : start + sample_rate].T.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(piece, "flt", stream.layout.name)
        frame.sample_rate = sample_rate
        frame.pts = start
        frame.time_base = Fraction(1, sample_rate)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _with_cover(samples: Samples, suffix: str) -> bytes:
    recipe = RECIPES[suffix]
    file = io.BytesIO()
    with av.open(file, "w", format=recipe.container) as container:
        audio = _add_audio(container, recipe.codec, recipe, SAMPLE_RATE, 1)
        audio.format = recipe.sample_format
        cover = _add_video(container, "mjpeg")
        cover.disposition = av.stream.Disposition.attached_pic
        _write_pictures(container, cover, 1)
        _write_sound(container, audio, samples[None], SAMPLE_RATE)
    return file.getvalue()
