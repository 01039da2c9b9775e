"""The clip of a verdict: where it is cut, and how it is encoded."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.domain.genres import GENRES
from shared.music.constants import SAMPLE_RATE
from shared.music.decoding.decoder import decode, probe
from shared.music.decoding.level import dbfs
from shared.music.model.verdict import Verdict
from shared.music.rendering.clip import make_clip, strongest_span
from tests import sounds


def verdict(*jazz: float) -> Verdict:
    """Return a verdict on chunks with these probabilities of jazz; the rest is blues."""
    rows = np.zeros((len(jazz), len(GENRES)))
    rows[:, GENRES.index("jazz")] = jazz
    rows[:, GENRES.index("blues")] = 1 - np.array(jazz)
    spans = [(3.0 * k, 3.0 * k + 3) for k in range(len(jazz))]
    return Verdict.of(rows, spans, duration_s=3.0 * len(jazz), model="test")


def played(clip: bytes) -> NDArray[np.float32]:
    """Decode a clip."""
    return np.concatenate(list(decode(io.BytesIO(clip), max_duration_s=60)))


def test_the_span_has_the_highest_mean() -> None:
    """Three consecutive chunks count, not the single best one."""
    assert strongest_span(verdict(0.6, 1.0, 0.1, 0.5, 0.9, 0.9, 0.9, 0.2)) == (12.0, 21.0)


def test_the_span_follows_the_verdict_not_the_chunks() -> None:
    """The probability of the verdict's genre counts, not that of the chunk's own."""
    assert strongest_span(verdict(0.9, 0.9, 0.0, 0.9, 0.95), seconds=6) == (9.0, 15.0)
    assert strongest_span(verdict(0.4, 0.1, 0.0, 0.3), seconds=3) == (6.0, 9.0)


def test_the_earliest_of_equal_spans() -> None:
    """Equal chunks give the beginning of the track; rounding does not matter."""
    assert strongest_span(verdict(*[0.7] * 20)) == (0.0, 9.0)


def test_a_span_longer_than_the_track_is_the_track() -> None:
    """Short tracks give all their chunks; a span has at least one chunk."""
    assert strongest_span(verdict(0.9, 0.8)) == (0.0, 6.0)
    assert strongest_span(verdict(0.8, 0.9), seconds=0.5) == (3.0, 6.0)


def test_the_clip_is_a_voice_message_of_the_right_length() -> None:
    """Ogg with mono Opus at 48 kHz, cut to the span, with the right tone."""
    samples = np.concatenate([sounds.tone(3, 300), sounds.tone(9, 600), sounds.tone(3, 900)])
    clip = make_clip(samples, 3.0, 12.0)
    info = probe(io.BytesIO(clip))
    assert (info.codec, info.container, info.sample_rate, info.channels) == (
        "opus",
        "ogg",
        48_000,
        1,
    )
    heard = played(clip)
    assert heard.size / SAMPLE_RATE == pytest.approx(9, abs=0.02)
    spectrum = np.abs(np.fft.rfft(heard))
    assert spectrum.argmax() / 9 == pytest.approx(600, abs=2)


@pytest.mark.parametrize("level", [0.02, 0.9])
def test_quiet_and_loud_clips_get_one_level(level: float) -> None:
    """A steady tone is brought to -16 dBFS."""
    heard = played(make_clip(sounds.tone(9, level=level)))
    assert dbfs(heard[SAMPLE_RATE:-SAMPLE_RATE]) == pytest.approx(-16, abs=0.5)


def test_gain_is_limited_by_the_peaks() -> None:
    """Clicks over near silence are not clipped."""
    samples = sounds.noise(9, level=0.001)
    samples[5 * SAMPLE_RATE :: SAMPLE_RATE] = 0.5
    samples[5 * SAMPLE_RATE + 1 :: SAMPLE_RATE] = -0.5
    heard = played(make_clip(samples))
    assert dbfs(heard) < -25
    assert np.abs(heard).max() < 1


def test_the_ends_are_faded() -> None:
    """The clip neither starts nor stops with a click."""
    heard = played(make_clip(sounds.tone(9)))
    tenth = SAMPLE_RATE // 10
    middle = dbfs(heard[4 * SAMPLE_RATE : 5 * SAMPLE_RATE])
    assert dbfs(heard[:tenth]) < middle - 10
    assert dbfs(heard[-tenth:]) < middle - 10


def test_a_short_or_silent_clip_is_still_a_clip() -> None:
    """A level or a length of 0 is no divisor."""
    assert played(make_clip(sounds.tone(0.2))).size / SAMPLE_RATE == pytest.approx(0.2, abs=0.02)
    assert not played(make_clip(sounds.silence(1))).any()


def test_an_empty_span_is_refused() -> None:
    """A span after the end of the samples raises an error."""
    with pytest.raises(ValueError, match="no samples between"):
        make_clip(sounds.tone(1), 2.0, 3.0)
