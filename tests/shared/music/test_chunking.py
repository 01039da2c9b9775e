"""Cutting a track into chunks and segments, whatever the size of the blocks it arrives in."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.errors import AudioError, ErrorCode
from shared.music.chunking import chunks, segments
from shared.music.constants import CHUNK_HOP, SAMPLE_RATE
from shared.music.decoding.pcm import from_pcm16, to_pcm16
from shared.music.decoding.track_meter import TrackMeter
from tests import sounds

Samples = NDArray[np.float32]


def in_blocks(samples: Samples, size: int = 20_000) -> Iterator[Samples]:
    """Yield samples through one buffer that is overwritten, as a decoder may do."""
    buffer = np.empty(size, np.float32)
    for start in range(0, samples.size, size):
        block = samples[start : start + size]
        buffer[: block.size] = block
        yield buffer[: block.size]


@pytest.mark.parametrize("size", [1, 1000, CHUNK_HOP, 200_000])
def test_chunks_cover_the_track_and_the_rest_is_dropped(size: int) -> None:
    """A track of 10.5 s has three chunks, each a copy of its own."""
    track = sounds.tune(10.5)
    found = list(chunks(in_blocks(track, size)))
    assert [(start, end) for _, start, end in found] == [
        (k * CHUNK_HOP, (k + 1) * CHUNK_HOP) for k in range(3)
    ]
    for samples, start, end in found:
        assert np.array_equal(samples, track[start:end])


@pytest.mark.parametrize("seconds", [1, 1.7, 2.99])
def test_a_short_track_is_repeated_to_fill_a_chunk(seconds: float) -> None:
    """A track of one to three seconds is one chunk, whose end is the track's own length."""
    track = sounds.tune(seconds)
    ((samples, start, end),) = chunks(in_blocks(track))
    assert (start, end) == (0, track.size)
    assert samples.shape == (CHUNK_HOP,)
    assert np.array_equal(samples[: track.size], track)
    assert np.array_equal(samples[track.size :], np.tile(track, 3)[track.size : CHUNK_HOP])


@pytest.mark.parametrize("n_samples", [0, 1, SAMPLE_RATE - 1])
def test_under_a_second_is_too_short(n_samples: int) -> None:
    """Tracks shorter than a second are refused."""
    with pytest.raises(AudioError, match=r"lasts \d\.\d s") as caught:
        list(chunks([sounds.tune(2)[:n_samples]]))
    assert caught.value.code is ErrorCode.TOO_SHORT


@pytest.mark.parametrize("level", [0.0, 0.0005])
@pytest.mark.parametrize("seconds", [2, 7])
def test_silence_throughout_is_refused_at_the_end(level: float, seconds: float) -> None:
    """Digital silence and noise below -60 dBFS are refused, after the last whole chunk."""
    cut = chunks(in_blocks(sounds.noise(seconds, level=level)))
    for _ in range(int(seconds // 3)):
        next(cut)
    with pytest.raises(AudioError) as caught:
        next(cut)
    assert caught.value.code is ErrorCode.SILENT


def test_one_loud_second_is_enough() -> None:
    """The loudest second decides, even an incomplete one at the end."""
    track = np.concatenate([sounds.silence(6), sounds.tone(0.5)])
    assert len(list(chunks(in_blocks(track)))) == 2


def test_the_meter_counts_the_dropped_tail_and_the_loudest_second() -> None:
    """The caller reads length and level from the meter."""
    track = np.concatenate([sounds.tone(4, level=0.1), sounds.tone(1), sounds.silence(2.5)])
    meter = TrackMeter(in_blocks(track))
    assert len(list(chunks(meter))) == 2
    assert meter.n_samples == track.size
    assert meter.duration_s == 7.5
    assert meter.loudest_dbfs == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.01)


def test_segments_hold_the_pcm_of_chunks_and_their_spans() -> None:
    """Five chunks, two per segment, are three segments with the samples of the chunks."""
    track = from_pcm16(to_pcm16(sounds.tune(16)))
    found = list(segments(in_blocks(track), 2))
    assert [segment.number for segment in found] == [0, 1, 2]
    assert [segment.pcm.shape for segment in found] == [
        (2, CHUNK_HOP),
        (2, CHUNK_HOP),
        (1, CHUNK_HOP),
    ]
    assert found[1].spans == ((6.0, 9.0), (9.0, 12.0))
    joined = np.concatenate([from_pcm16(segment.pcm).ravel() for segment in found])
    assert np.array_equal(joined, track[: 5 * CHUNK_HOP])


def test_segments_of_a_short_track_keep_its_true_end() -> None:
    """The span of a repeated chunk ends with the track."""
    (segment,) = segments(in_blocks(sounds.tune(2)), 10)
    assert segment.spans == ((0.0, 2.0),)


def test_segments_raise_errors_of_the_track_and_need_a_size() -> None:
    """An error of the track is raised after its whole segments."""
    cut = segments(in_blocks(sounds.silence(7)), 1)
    assert [next(cut).number, next(cut).number] == [0, 1]
    with pytest.raises(AudioError):
        next(cut)
    with pytest.raises(ValueError, match="at least 1 chunk"):
        next(segments([], 0))


def test_chunks_are_yielded_as_blocks_arrive() -> None:
    """The first chunk needs no more than its own samples and one block."""
    taken = 0

    def blocks() -> Iterator[Samples]:
        nonlocal taken
        while True:
            taken += 1
            yield sounds.tone(1)

    cut = chunks(blocks())
    next(cut)
    assert taken <= 4
