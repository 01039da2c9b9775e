"""The conditions: each file is what its name says, and holds the same music."""

import io
from typing import Final, NamedTuple

import av
import numpy as np
import pytest

from shared.music.constants import SAMPLE_RATE
from shared.music.decoding.decoder import decode, probe
from shared.music.decoding.level import dbfs
from tests.sounds import Samples, chords, tone
from training.robustness.conditions import CONDITIONS, ORIGINAL, Condition

SECONDS: Final = 6.0


class _Kind(NamedTuple):
    codec: str
    rate: int
    channels: int
    kbit_s: float | None = None


KINDS: Final = {
    "gain-12": _Kind("pcm_s16le", 22_050, 1),
    "gain-6": _Kind("pcm_s16le", 22_050, 1),
    "gain+6": _Kind("pcm_s16le", 22_050, 1),
    "mp3-64": _Kind("mp3", 44_100, 2, 64),
    "mp3-64-mono": _Kind("mp3", 22_050, 1, 64),
    "opus-32": _Kind("opus", 48_000, 1, 32),
    "wav-44100": _Kind("pcm_s16le", 44_100, 2),
    "wav-48000": _Kind("pcm_s16le", 48_000, 2),
    "m4a-96": _Kind("aac", 44_100, 2, 96),
    "mp3-128": _Kind("mp3", 44_100, 2, 128),
    "flac": _Kind("flac", 44_100, 2),
    "opus-16": _Kind("opus", 48_000, 1, 16),
}
BY_NAME: Final = {condition.name: condition for condition in CONDITIONS}
LOSSLESS: Final = [n for n, kind in KINDS.items() if not n.startswith("gain") and not kind.kbit_s]
each = pytest.mark.parametrize("name", KINDS)


def _music() -> Samples:
    # Quiet enough that 6 dB more clip nothing, and below what any encoder cuts off.
    return (0.4 * (chords(SECONDS) + tone(SECONDS, 3_000, level=0.05))).astype(np.float32)


def _heard(content: bytes) -> Samples:
    return np.concatenate(list(decode(io.BytesIO(content), max_duration_s=60)))


def test_every_condition_is_held_to_what_it_says() -> None:
    """Names are unique, none is that of the original, and this table has them all."""
    assert [condition.name for condition in CONDITIONS] == list(KINDS)
    assert ORIGINAL not in KINDS


def test_the_target_is_about_all_but_the_hardest() -> None:
    """Opus at 16 kbit/s is measured beside it."""
    assert [c.name for c in CONDITIONS if not c.counts] == ["opus-16"]


@each
def test_the_file_is_of_the_kind_that_its_name_says(name: str) -> None:
    """Codec, rate and channels by the file's own word; bits by its size."""
    content = BY_NAME[name].file_of(_music())
    kind = KINDS[name]
    info = probe(io.BytesIO(content))
    assert (info.codec.removesuffix("float"), info.sample_rate, info.channels) == kind[:3]
    if kind.kbit_s is not None:
        assert 8 * len(content) / SECONDS / 1_000 == pytest.approx(kind.kbit_s, rel=0.35)


@each
def test_the_music_is_the_same_and_in_the_same_place(name: str) -> None:
    """Length within 50 ms, level within 1 dB of what was asked for, no shift of a sample."""
    music = _music()
    heard = _heard(BY_NAME[name].file_of(music))
    assert heard.size == pytest.approx(music.size, abs=0.05 * SAMPLE_RATE)
    assert dbfs(heard) - dbfs(music) == pytest.approx(BY_NAME[name].gain_db, abs=1)
    start, stop, reach = SAMPLE_RATE, 3 * SAMPLE_RATE, 64
    alike = [
        np.corrcoef(music[start:stop], heard[start + lag : stop + lag])[0, 1]
        for lag in range(-reach, reach + 1)
    ]
    assert int(np.argmax(alike)) == reach
    assert max(alike) > 0.9


@pytest.mark.parametrize("gain_db", [-12.0, -6.0, 6.0])
def test_a_gain_is_that_many_decibels(gain_db: float) -> None:
    """Every sample times the factor, to the rounding of 16 bits."""
    music = _music()
    heard = _heard(BY_NAME[f"gain{gain_db:+.0f}"].file_of(music))
    assert np.abs(heard - music * 10 ** (gain_db / 20)).max() <= 0.51 / 32_768


def test_what_becomes_too_loud_is_clipped() -> None:
    """A sine of 0.8 saturates at full scale instead of wrapping round."""
    sine = tone(2, 100, level=0.8)
    heard = _heard(BY_NAME["gain+6"].file_of(sine))
    clipped = np.abs(sine) > 0.52
    assert heard.max() == 32_767 / 32_768
    assert heard.min() == -1
    assert (np.abs(heard[clipped]) >= 32_767 / 32_768).all()
    assert (np.sign(heard[clipped]) == np.sign(sine[clipped])).all()


@pytest.mark.parametrize("name", LOSSLESS)
def test_stereo_is_the_same_on_both_sides(name: str) -> None:
    """Both channels hold the music; resampling and back costs hardly anything."""
    music = _music()
    content = BY_NAME[name].file_of(music)
    with av.open(io.BytesIO(content), "r") as container:
        frames = [frame.to_ndarray().reshape(-1, 2) for frame in container.decode(audio=0)]
    sides = np.concatenate(frames)
    assert sides.any()
    assert (sides[:, 0] == sides[:, 1]).all()
    assert np.corrcoef(music, _heard(content))[0, 1] > 0.99


def test_without_any_change_the_samples_come_back() -> None:
    """The plain condition is the identity on 16 bits, so nothing else is measured by accident."""
    samples = _heard(Condition("same", "as it was").file_of(_music()))
    again = _heard(Condition("same", "as it was").file_of(samples))
    assert np.array_equal(samples, again)
