"""A track decoded slice by slice gives the same chunks as the track decoded at once."""

import io
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.errors import AudioError, ErrorCode
from shared.music.chunking import Segment, segments
from shared.music.constants import CHUNK_HOP, SAMPLE_RATE
from shared.music.decoding.decoder import decode
from shared.music.decoding.slices import TRACK_START, Slice, SliceEnd, excerpt
from shared.music.decoding.track_meter import TrackMeter
from tests import sounds

HOUR = 3600.0
SLICE = 2 * CHUNK_HOP
"""Six seconds, so that slices begin at 6, 12 and 18 s."""
ONE_STEP = 1 / 32768
TUNE_S = 20.5


def _at_once(data: bytes) -> tuple[list[Segment], TrackMeter]:
    meter = TrackMeter(decode(io.BytesIO(data), max_duration_s=HOUR))
    return list(segments(meter, 1)), meter


def _each_slice(data: bytes, samples: int = SLICE) -> Iterator[tuple[list[Segment], Slice]]:
    """Decode a file slice by slice; each starts from the JSON of the end of the one before."""
    end: SliceEnd | None = TRACK_START
    while end is not None:
        start = SliceEnd.model_validate_json(end.model_dump_json())
        current = Slice(io.BytesIO(data), max_duration_s=HOUR, start=start, samples=samples)
        yield list(segments(current, 1)), current
        end = current.end


def _sliced(data: bytes, samples: int = SLICE) -> tuple[list[Segment], Slice]:
    cut = list(_each_slice(data, samples))
    return [segment for found, _ in cut for segment in found], cut[-1][1]


def _pcm(cut: list[Segment]) -> NDArray[np.int16]:
    return np.concatenate([segment.pcm for segment in cut])


def _encode(samples: NDArray[np.float32], suffix: str, rate: int = SAMPLE_RATE) -> bytes:
    """Encode so that every decoder gives the same samples: without AAC's noise substitution."""
    recipe = sounds.RECIPES[suffix]
    if recipe.codec == "aac":
        recipe = replace(recipe, options={"aac_pns": "0"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sounds.RECIPES, suffix, recipe)
        return sounds.encode(samples, suffix, sample_rate=rate)


def _assert_same(data: bytes, *, steps: int, samples: int = SLICE) -> None:
    """Compare slices with the whole; samples may differ by ``steps`` of the 16-bit grid."""
    whole, meter = _at_once(data)
    found, last = _sliced(data, samples)
    assert last.n_samples == meter.n_samples
    assert last.loudest_dbfs == pytest.approx(meter.loudest_dbfs, abs=1e-3)
    assert [segment.spans for segment in found] == [segment.spans for segment in whole]
    apart = _pcm(found).astype(int) - _pcm(whole)
    assert np.abs(apart).max() <= steps


@pytest.mark.parametrize("suffix", sounds.FORMATS)
@pytest.mark.parametrize("rate", [22_050, 44_100])
def test_every_format_is_continuous_across_slices(suffix: str, rate: int) -> None:
    """Also lossy formats, as each decoder gets its pre-roll; samples differ by two steps at most.

    AMR decoders depend on all earlier packets; they differ by an inaudible 33 steps.
    """
    steps = 33 if suffix == "amr" else 2
    _assert_same(_encode(sounds.tune(TUNE_S, sample_rate=rate), suffix, rate), steps=steps)


def test_aac_noise_substitution_keeps_positions() -> None:
    """The substituted noise is random, but everything else is the same and aligned."""
    data = sounds.encode(sounds.tune(TUNE_S), "m4a")
    whole, found = (_pcm(cut).ravel() for cut in (_at_once(data)[0], _sliced(data)[0]))
    for seam in range(SLICE, whole.size - CHUNK_HOP, SLICE):
        ours, theirs = (pcm[seam : seam + CHUNK_HOP].astype(float) for pcm in (found, whole))
        lags = [np.corrcoef(np.roll(ours, lag), theirs)[0, 1] for lag in range(-3, 4)]
        assert int(np.argmax(lags)) == 3
        assert max(lags) > 0.9


@pytest.mark.parametrize("suffix", ["wav", "flac", "aiff"])
def test_lossless_at_our_rate_is_exact(suffix: str) -> None:
    """Nothing is resampled, so nothing differs."""
    _assert_same(sounds.encode(sounds.tune(TUNE_S), suffix, channels=2), steps=0)


@pytest.mark.parametrize("rate", [8_000, 11_025, 32_000, 44_099, 48_000, 96_000])
def test_resampling_keeps_its_grid(rate: int) -> None:
    """The resampler of a slice starts where samples of both rates coincide."""
    tune = sounds.tune(TUNE_S, sample_rate=rate)
    _assert_same(sounds.encode(tune, "wav", sample_rate=rate), steps=1)


@pytest.mark.parametrize("header", ["Xing", "none"])
def test_variable_bit_rates_with_and_without_an_index(header: str) -> None:
    """Packets are counted, so a wrong or missing index of an mp3 has no effect."""
    quiet, loud = sounds.tone(10, level=0.01), sounds.noise(10.5, level=0.3)
    data = sounds.mp3_of_variable_bit_rate(np.concatenate([quiet, loud]), index=header == "Xing")
    assert (b"Xing" in data[:1000]) == (header == "Xing")
    _assert_same(data, steps=2)


@pytest.mark.parametrize("suffix", ["mp3", "ogg", "flac", "mkv", "wma", "aac"])
def test_damage_does_not_shift_slices(suffix: str) -> None:
    """Packets left out shift the samples after them, by the same amount in both cases."""
    data = bytearray(_encode(sounds.tune(TUNE_S), suffix))
    for place in (len(data) // 5, len(data) // 2):
        data[place : place + 1500] = np.random.default_rng(0).bytes(1500)
    _assert_same(bytes(data), steps=2)


def test_sample_rate_may_change_within_the_file() -> None:
    """Each part is resampled on its own, also where a slice begins in the second part."""
    first = _encode(sounds.tune(7, 1), "aac")
    second = _encode(sounds.tune(13, 2, sample_rate=44_100), "aac", 44_100)
    _assert_same(first + second, steps=2)


@pytest.mark.parametrize("seconds", [2.5, 6.0, 11.9, 12.0, 12.1, 14.9])
def test_the_track_may_end_anywhere(seconds: float) -> None:
    """At the end of a slice, just before and after it, and within the first chunk."""
    _assert_same(sounds.encode(sounds.tune(seconds), "wav"), steps=0)


def test_silence_is_a_matter_of_the_whole_track() -> None:
    """A silent slice is allowed; the loudest second of earlier slices counts at the end."""
    loud = sounds.tone(6)
    for parts in ((sounds.silence(13), loud), (loud, sounds.silence(13))):
        _assert_same(sounds.encode(np.concatenate(parts), "wav"), steps=0)
    slices = _each_slice(sounds.encode(sounds.silence(13), "wav"))
    assert [len(next(slices)[0]) for _ in range(2)] == [2, 2]
    with pytest.raises(AudioError) as told:
        next(slices)
    assert told.value.code is ErrorCode.SILENT


def test_a_track_is_too_long_in_the_slice_that_crosses_the_limit() -> None:
    """Where the file's headers understate its length."""
    data = sounds.encode(sounds.tune(8), "opus") * 5
    first = Slice(io.BytesIO(data), max_duration_s=10, samples=SLICE)
    with pytest.raises(AudioError) as at_once:
        list(decode(io.BytesIO(data), max_duration_s=10))
    assert len(list(segments(first, 1))) == 2
    assert first.end is not None
    second = Slice(io.BytesIO(data), max_duration_s=10, start=first.end, samples=SLICE)
    with pytest.raises(AudioError) as told:
        list(segments(second, 1))
    assert told.value.code is ErrorCode.TOO_LONG
    assert told.value.message == at_once.value.message


def test_a_file_damaged_after_the_first_slice_is_refused_at_the_end() -> None:
    """The packets of the whole file count, not those of the last slice alone."""
    data = _encode(sounds.noise(30), "m4a")
    for intact, refused in ((0.25, True), (0.75, False)):
        start, stop = round(len(data) * intact * 0.9), round(len(data) * 0.9)
        broken = data[:start] + b"\xff" * (stop - start) + data[stop:]
        if refused:
            with pytest.raises(AudioError) as at_once:
                _at_once(broken)
            with pytest.raises(AudioError) as sliced:
                _sliced(broken)
            assert sliced.value.code is ErrorCode.DAMAGED
            assert sliced.value.message == at_once.value.message
        else:
            _assert_same(broken, steps=2)


@pytest.mark.parametrize("suffix", ["wav", "mp3", "opus", "m4a", "ogg", "mkv"])
def test_an_excerpt_has_the_samples_of_the_track(suffix: str) -> None:
    """Decoded from the start of the file, and from slice ends far and near."""
    data = _encode(sounds.tune(TUNE_S, sample_rate=44_100), suffix, 44_100)
    whole = np.concatenate(list(decode(io.BytesIO(data), max_duration_s=HOUR)))
    ends = [found.end for _, found in _each_slice(data)]
    start, stop = 5 * CHUNK_HOP, 7 * CHUNK_HOP
    for end in (TRACK_START, ends[0], ends[1]):
        assert end is not None
        for until in (stop - SAMPLE_RATE, stop):
            decoded = excerpt(io.BytesIO(data), end, start, until, max_duration_s=HOUR)
            expected = whole[start:until]
            assert decoded.shape == expected.shape
            assert np.abs(decoded - expected).max() <= 2 * ONE_STEP
