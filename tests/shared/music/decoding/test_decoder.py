"""Decoding files of every format to mono samples."""

import io
import itertools
import tracemalloc
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from shared.music.constants import SAMPLE_RATE
from shared.music.decoding.decoder import decode, probe
from shared.music.decoding.frames import Mixer
from shared.music.decoding.pcm import from_pcm16, to_pcm16
from tests import sounds

HOURS = 3 * 3600.0
LOSSLESS = ("wav", "flac", "aiff")


def decoded(data: bytes, max_duration_s: float = HOURS) -> NDArray[np.float32]:
    """Decode a whole file."""
    return np.concatenate(list(decode(io.BytesIO(data), max_duration_s=max_duration_s)))


def on_grid(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Round samples to 16 bits."""
    return from_pcm16(to_pcm16(samples))


def decibels(ratio: float) -> float:
    """A ratio of amplitudes in dB."""
    return float(20 * np.log10(ratio))


def rms(samples: NDArray[np.float32]) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def dominant_hz(samples: NDArray[np.float32]) -> float:
    """Frequency of the strongest bin of the spectrum."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    return float(spectrum.argmax() * SAMPLE_RATE / samples.size)


@pytest.mark.parametrize("suffix", sounds.FORMATS)
def test_every_format_keeps_length_pitch_and_level(suffix: str) -> None:
    """A tone keeps its length, frequency and level."""
    tone = sounds.tone(4)
    samples = decoded(sounds.encode(tone, suffix))
    middle = samples[SAMPLE_RATE : 3 * SAMPLE_RATE]
    assert samples.dtype == np.float32
    assert samples.size / SAMPLE_RATE == pytest.approx(4, abs=0.1)
    assert dominant_hz(middle) == pytest.approx(440, abs=1)
    # AMR is made for speech at 12 kbit/s.
    tolerance_db = 2 if suffix == "amr" else 0.5
    assert decibels(rms(middle) / rms(tone)) == pytest.approx(0, abs=tolerance_db)


@pytest.mark.parametrize("suffix", sounds.FORMATS)
def test_every_format_is_described(suffix: str) -> None:
    """A probe gives length, sample rate and channels."""
    info = probe(io.BytesIO(sounds.encode(sounds.tone(4), suffix)))
    assert info.duration_s == pytest.approx(4, abs=0.2)
    assert (info.sample_rate, info.channels) in {(22050, 1), (22050, 2), (48000, 1), (8000, 1)}


def test_title_codec_and_container_are_named() -> None:
    """The title is read from the tags and written on one line."""
    for suffix, codec in (("mp3", "mp3"), ("ogg", "vorbis"), ("flac", "flac"), ("m4a", "aac")):
        data = sounds.encode(sounds.tone(1), suffix, title=" Für\nElise\x07 ")
        info = probe(io.BytesIO(data))
        assert (info.title, info.codec) == ("Für Elise", codec)
        assert info.container
    assert probe(io.BytesIO(sounds.encode(sounds.tone(1), "wav"))).title is None


@pytest.mark.parametrize(
    ("suffix", "channels"),
    [*itertools.product(LOSSLESS, (1, 2, 6, 8)), ("wav", 16), ("aiff", 16)],
)
def test_sixteen_bits_at_our_rate_are_exact(suffix: str, channels: int) -> None:
    """As GTZAN's own files are: every sample is unchanged."""
    tune = sounds.tune(2)
    assert np.array_equal(decoded(sounds.encode(tune, suffix, channels=channels)), on_grid(tune))


@pytest.mark.parametrize(
    ("codec", "step"),
    [
        ("pcm_u8", 1 / 128),
        ("pcm_s24le", 1 / 32768),
        ("pcm_s32le", 0),
        ("pcm_s64le", 0),
        ("pcm_f32le", 0),
        ("pcm_f64le", 0),
    ],
)
def test_every_sample_format(codec: str, step: float) -> None:
    """Finer formats are rounded to 16 bits (24 bits twice); 8 bits keep their coarser grid."""
    tune = sounds.tune(1)
    samples = decoded(sounds.encode(tune, "wav", codec=codec))
    assert np.abs(samples - on_grid(tune)).max() <= step


def test_channels_are_averaged() -> None:
    """The mix is the mean of the channels."""
    left, right = on_grid(sounds.tone(1, 440)), on_grid(sounds.tone(1, 700, level=0.25))
    mixed = decoded(sounds.encode(np.stack([left, right]), "wav"))
    assert np.abs(mixed - (left + right) / 2).max() <= 0.5 / 32768
    assert not decoded(sounds.encode(np.stack([left, -left]), "wav")).any()


def test_eight_planes_are_mixed_without_a_crash() -> None:
    """PyAV miscounts eight planes and more and would read past their end."""
    levels = np.arange(8, dtype=np.float32) / 8
    packed = av.AudioFrame.from_ndarray(np.tile(levels, 1000)[np.newaxis], "flt", "7.1")
    packed.sample_rate = SAMPLE_RATE
    planar = av.AudioResampler(format="fltp").resample(packed)[0]
    assert planar.format.is_planar
    assert Mixer()(planar) == pytest.approx(np.full(1000, levels.mean()))


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 32_000, 44_100, 48_000, 96_000])
def test_resampling_is_clean_in_time_and_level(rate: int) -> None:
    """A sine of another rate differs from ours by no more than 16-bit rounding."""
    source = sounds.tone(2, 1000, sample_rate=rate)
    samples = decoded(sounds.encode(source, "wav", codec="pcm_f32le", sample_rate=rate))
    assert samples.size == 2 * SAMPLE_RATE
    edge = SAMPLE_RATE // 10
    ours = sounds.tone(2, 1000)[edge:-edge]
    error = rms(samples[edge:-edge] - ours)
    assert decibels(error / rms(ours)) < -90


@pytest.mark.parametrize("hz", [12_000, 15_000, 20_000])
def test_there_is_no_aliasing(hz: float) -> None:
    """A tone above half of SAMPLE_RATE is removed."""
    source = sounds.tone(2, hz, sample_rate=48_000)
    samples = decoded(sounds.encode(source, "wav", sample_rate=48_000))
    assert decibels((rms(samples[2000:-2000]) + 1e-9) / rms(source)) < -90


def test_floats_beyond_full_scale_and_not_finite() -> None:
    """Loud samples are clipped; values that are not finite become zero."""
    wild = sounds.tone(2, level=3.0, sample_rate=44_100)
    wild[10_000:10_010] = np.nan
    wild[20_000:20_010] = np.inf
    samples = decoded(sounds.encode(wild, "wav", codec="pcm_f32le", sample_rate=44_100))
    assert samples.max() == np.float32(32767 / 32768)
    assert samples.min() == -1
    assert rms(samples[-SAMPLE_RATE // 2 :]) > 0.8


def test_output_lies_on_the_grid_of_16_bits_in_bounded_blocks() -> None:
    """Blocks are about a second long and unchanged by a conversion to int16."""
    data = sounds.encode(sounds.tune(10, sample_rate=44_100), "mp3", sample_rate=44_100)
    blocks = list(decode(io.BytesIO(data), max_duration_s=HOURS))
    assert max(block.size for block in blocks) < 2 * SAMPLE_RATE
    for block in blocks:
        assert np.array_equal(from_pcm16(to_pcm16(block)), block)
        assert np.array_equal(from_pcm16(to_pcm16(block).tobytes()), block)


def test_pcm_is_rounded_and_clipped() -> None:
    """Full scale clips at both ends, halves go to even."""
    edges = np.array([1.0, -1.0, 2.0, -2.0, 0.5 / 32768, 1.5 / 32768], np.float32)
    assert to_pcm16(edges).tolist() == [32767, -32768, 32767, -32768, 0, 2]


@pytest.mark.parametrize("suffix", ["mp3", "flac"])
def test_cover_art_is_not_a_video(suffix: str) -> None:
    """A picture in the tags does not change the samples."""
    tune = sounds.tune(2)
    covered = sounds.mp3_with_cover(tune) if suffix == "mp3" else sounds.flac_with_cover(tune)
    assert np.array_equal(decoded(covered), decoded(sounds.encode(tune, suffix)))


def test_rate_and_channels_may_change_within_the_file() -> None:
    """Two joined aac streams are decoded one after the other."""
    first = sounds.encode(sounds.tone(3, 440), "aac")
    second = sounds.encode(
        sounds.tone(3, 880, sample_rate=44_100), "aac", sample_rate=44_100, channels=2
    )
    samples = decoded(first + second)
    assert samples.size / SAMPLE_RATE == pytest.approx(6, abs=0.2)
    assert dominant_hz(samples[:SAMPLE_RATE]) == pytest.approx(440, abs=1)
    assert dominant_hz(samples[-SAMPLE_RATE:]) == pytest.approx(880, abs=1)


@pytest.mark.parametrize("suffix", ["mp3", "m4a", "ogg", "flac", "mkv", "wma"])
def test_damaged_packets_are_left_out(suffix: str) -> None:
    """Damage in the middle costs no more than the packets around it."""
    data = bytearray(sounds.encode(sounds.tune(20), suffix))
    middle = len(data) // 2
    data[middle : middle + 1500] = np.random.default_rng(0).bytes(1500)
    assert decoded(bytes(data)).size / SAMPLE_RATE == pytest.approx(20, abs=4)


@pytest.mark.parametrize("suffix", ["mp3", "ogg", "opus", "flac", "wav", "aac", "mkv", "wma"])
def test_a_truncated_file_gives_what_is_there(suffix: str) -> None:
    """Half a file gives about half of the track."""
    data = sounds.encode(sounds.noise(8), suffix)
    assert decoded(data[: len(data) // 2]).size / SAMPLE_RATE == pytest.approx(4, abs=1)


def test_memory_does_not_grow_with_the_track(tmp_path: Path) -> None:
    """Twenty minutes take the memory of a few blocks."""
    path = tmp_path / "long.wav"
    minute = to_pcm16(sounds.noise(60, sample_rate=8_000)).tobytes()
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8_000, 0, "NONE", ""))
        for _ in range(20):
            file.writeframes(minute)
    tracemalloc.start()
    try:
        length = sum(block.size for block in decode(path, max_duration_s=HOURS))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert length == 20 * 60 * SAMPLE_RATE
    assert peak < 4_000_000


def test_an_open_file_stays_open_and_is_read_from_its_start() -> None:
    """Whatever its position was before."""
    file = io.BytesIO(sounds.encode(sounds.tone(2), "flac"))
    file.seek(1000)
    first = list(itertools.chain.from_iterable(decode(file, max_duration_s=HOURS)))
    again = list(itertools.chain.from_iterable(decode(file, max_duration_s=HOURS)))
    assert len(first) == 2 * SAMPLE_RATE
    assert first == again
    assert not file.closed
