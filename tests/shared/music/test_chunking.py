"""Chunks cover a track back to back, whatever the blocks it arrives in."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.errors import AudioError, ErrorCode
from shared.music.chunking import TrackMeter, chunks, segments, windows
from shared.music.constants import CHUNK_HOP, SAMPLE_RATE
from shared.music.decoding.pcm import from_pcm16, to_pcm16
from tests import sounds

Samples = NDArray[np.float32]


def in_blocks(samples: Samples, size: int = 20_000) -> Iterator[Samples]:
    """Hand out samples through one buffer that is overwritten, as a decoder may."""
    buffer = np.empty(size, np.float32)
    for start in range(0, samples.size, size):
        piece = samples[start : start + size]
        buffer[: piece.size] = piece
        yield buffer[: piece.size]


@pytest.mark.parametrize(("length", "hop"), [(10, 10), (10, 3), (10, 25), (1, 1), (7, 8)])
@pytest.mark.parametrize("size", [1, 4, 10, 1000])
def test_windows_are_slices_of_the_stream(length: int, hop: int, size: int) -> None:
    """Overlapping, touching and spaced windows are the slices that they claim to be."""
    stream = np.arange(103, dtype=np.float32)
    found = list(windows(in_blocks(stream, size), length, hop))
    assert [start for _, start, _ in found] == list(range(0, 103 - length + 1, hop))
    for samples, start, end in found:
        assert np.array_equal(samples, stream[start:end])
        assert end - start == length


def test_windows_need_a_length_and_a_hop() -> None:
    """Windows of nothing, or that never move on, are refused."""
    for length, hop in ((0, 1), (1, 0)):
        with pytest.raises(ValueError, match="at least 1"):
            next(windows([], length, hop))


@pytest.mark.parametrize("size", [1000, CHUNK_HOP, 200_000])
def test_chunks_cover_the_track_and_the_tail_is_dropped(size: int) -> None:
    """Ten and a half seconds are three chunks, each of them its own copy."""
    track = sounds.tune(10.5)
    found = list(chunks(in_blocks(track, size)))
    assert [(start, end) for _, start, end in found] == [
        (k * CHUNK_HOP, (k + 1) * CHUNK_HOP) for k in range(3)
    ]
    for samples, start, end in found:
        assert np.array_equal(samples, track[start:end])


@pytest.mark.parametrize("seconds", [1, 1.7, 2.99])
def test_a_short_track_is_repeated_to_fill_a_chunk(seconds: float) -> None:
    """Between one and three seconds the track goes round, and its end is its true length."""
    track = sounds.tune(seconds)
    ((samples, start, end),) = chunks(in_blocks(track))
    assert (start, end) == (0, track.size)
    assert samples.shape == (CHUNK_HOP,)
    assert np.array_equal(samples[: track.size], track)
    assert np.array_equal(samples[track.size :], np.tile(track, 3)[track.size : CHUNK_HOP])


@pytest.mark.parametrize("n_samples", [0, 1, SAMPLE_RATE - 1])
def test_under_a_second_is_too_short(n_samples: int) -> None:
    """Nothing is predicted from less than a second."""
    with pytest.raises(AudioError, match=r"lasts \d\.\d s") as caught:
        list(chunks([sounds.tune(2)[:n_samples]]))
    assert caught.value.code is ErrorCode.TOO_SHORT


@pytest.mark.parametrize("level", [0.0, 0.0005])
@pytest.mark.parametrize("seconds", [2, 7])
def test_silence_throughout_is_refused_at_the_end(level: float, seconds: float) -> None:
    """Digital silence and noise below -60 dBFS are silent, after the last full chunk."""
    cut = chunks(in_blocks(sounds.noise(seconds, level=level)))
    for _ in range(int(seconds // 3)):
        next(cut)
    with pytest.raises(AudioError) as caught:
        next(cut)
    assert caught.value.code is ErrorCode.SILENT


def test_one_loud_second_is_enough() -> None:
    """A track is judged by its loudest second, were it the last and broken off."""
    track = np.concatenate([sounds.silence(6), sounds.tone(0.5)])
    assert len(list(chunks(in_blocks(track)))) == 2


def test_the_meter_counts_the_dropped_tail_and_the_loudest_second() -> None:
    """The caller reads length and level from the meter that he handed in."""
    track = np.concatenate([sounds.tone(4, level=0.1), sounds.tone(1), sounds.silence(2.5)])
    meter = TrackMeter(in_blocks(track))
    assert len(list(chunks(meter))) == 2
    assert meter.n_samples == track.size
    assert meter.duration_s == 7.5
    assert meter.loudest_dbfs == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.01)


def test_segments_group_chunks_as_pcm_with_their_times() -> None:
    """Five chunks in twos make three segments whose samples are those of the chunks."""
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
    """The repeated chunk spans what the track really lasts."""
    (segment,) = segments(in_blocks(sounds.tune(2)), 10)
    assert segment.spans == ((0.0, 2.0),)


def test_segments_pass_the_error_on_and_need_a_size() -> None:
    """What is wrong with the track shows after its full segments."""
    cut = segments(in_blocks(sounds.silence(7)), 1)
    assert [next(cut).number, next(cut).number] == [0, 1]
    with pytest.raises(AudioError):
        next(cut)
    with pytest.raises(ValueError, match="no segment"):
        next(segments([], 0))


def test_chunks_are_produced_as_blocks_arrive() -> None:
    """The first chunk needs no more of the stream than itself and a block."""
    taken = 0

    def blocks() -> Iterator[Samples]:
        nonlocal taken
        while True:
            taken += 1
            yield sounds.tone(1)

    cut = chunks(blocks())
    next(cut)
    assert taken <= 4
