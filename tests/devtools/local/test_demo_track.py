"""The demo's track: music enough, and the same every time."""

import io

import numpy as np
import pytest

from devtools.local.demo_track import PART_SECONDS, RATE, compose
from shared.music.decoding.decoder import decode, probe


@pytest.fixture(scope="module")
def track() -> bytes:
    """The demo's track."""
    return compose()


def test_the_track_is_a_minute_of_stereo(track: bytes) -> None:
    """An mp3 with a title, as a person would send it."""
    info = probe(io.BytesIO(track))
    assert (info.container, info.codec, info.channels) == ("mp3", "mp3", 2)
    assert (info.sample_rate, info.title) == (RATE, "Four Ways Home")
    assert info.duration_s is not None
    assert abs(info.duration_s - 4 * PART_SECONDS) < 0.1


def test_its_parts_can_be_heard_and_told_apart(track: bytes) -> None:
    """None is silent, and no two are alike in level and brightness."""
    samples = np.concatenate(list(decode(io.BytesIO(track), max_duration_s=70)))
    parts = np.array_split(samples, 4)
    levels = [float(np.sqrt(np.mean(part**2))) for part in parts]
    crossings = [float(np.mean(np.signbit(part[1:]) != np.signbit(part[:-1]))) for part in parts]
    assert min(levels) > 0.02
    assert len({(round(a, 2), round(b, 2)) for a, b in zip(levels, crossings, strict=True)}) == 4


def test_it_is_the_same_every_time(track: bytes) -> None:
    """So that a demo can be compared with the one before."""
    assert compose() == track
