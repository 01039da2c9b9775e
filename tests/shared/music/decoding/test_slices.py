"""A track cut slice by slice is the track cut at once: no chunk missing, doubled or moved."""

import io
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.errors import AudioError, ErrorCode
from shared.music.chunking import Segment, TrackMeter, segments
from shared.music.constants import CHUNK_HOP, SAMPLE_RATE
from shared.music.decoding.decoder import decode
from shared.music.decoding.slices import BEGINNING, Mark, Slice, excerpt
from tests import sounds

HOUR = 3600.0
SLICE = 2 * CHUNK_HOP
"""Six seconds: seams at 6, 12 and 18 s."""
ONE_STEP = 1 / 32768
TUNE_S = 20.5


def _at_once(data: bytes) -> tuple[list[Segment], TrackMeter]:
    meter = TrackMeter(decode(io.BytesIO(data), max_duration_s=HOUR))
    return list(segments(meter, 1)), meter


def _each_slice(data: bytes, samples: int = SLICE) -> Iterator[tuple[list[Segment], Slice]]:
    """Cut a file slice by slice; each begins with nothing but the bytes of the mark before."""
    mark: Mark | None = BEGINNING
    while mark is not None:
        start = Mark.model_validate_json(mark.model_dump_json())
        piece = Slice(io.BytesIO(data), max_duration_s=HOUR, start=start, samples=samples)
        yield list(segments(piece, 1)), piece
        mark = piece.mark


def _sliced(data: bytes, samples: int = SLICE) -> tuple[list[Segment], Slice]:
    cut = list(_each_slice(data, samples))
    return [segment for found, _ in cut for segment in found], cut[-1][1]


def _pcm(cut: list[Segment]) -> NDArray[np.int16]:
    return np.concatenate([segment.pcm for segment in cut])


def _encode(samples: NDArray[np.float32], suffix: str, rate: int = SAMPLE_RATE) -> bytes:
    """Write a file whose sound is settled: what AAC calls noise each decoder draws by lot."""
    recipe = sounds.RECIPES[suffix]
    if recipe.codec == "aac":
        recipe = replace(recipe, options={"aac_pns": "0"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sounds.RECIPES, suffix, recipe)
        return sounds.encode(samples, suffix, sample_rate=rate)


def _assert_same(data: bytes, *, steps: int, samples: int = SLICE) -> None:
    """Compare both ways of cutting; ``steps`` of 16 bits may lie between two samples."""
    whole, meter = _at_once(data)
    found, last = _sliced(data, samples)
    assert last.n_samples == meter.n_samples
    assert last.loudest_dbfs == pytest.approx(meter.loudest_dbfs, abs=1e-3)
    assert [segment.spans for segment in found] == [segment.spans for segment in whole]
    apart = _pcm(found).astype(int) - _pcm(whole)
    assert np.abs(apart).max() <= steps


@pytest.mark.parametrize("suffix", sounds.FORMATS)
@pytest.mark.parametrize("rate", [22_050, 44_100])
def test_every_format_is_the_same_across_seams(suffix: str, rate: int) -> None:
    """Lossy formats too, since each codec is given what it leans on; two steps at the most.

    But for AMR, which never quite forgets: a thousandth of full scale, and inaudible.
    """
    steps = 33 if suffix == "amr" else 2
    _assert_same(_encode(sounds.tune(TUNE_S, sample_rate=rate), suffix, rate), steps=steps)


def test_noise_that_aac_draws_by_lot_stays_in_its_place() -> None:
    """Its decoder's dice go on from where decoding began; all else is the same, and aligned."""
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
    """The resampler of a slice begins where samples of both rates coincide."""
    tune = sounds.tune(TUNE_S, sample_rate=rate)
    _assert_same(sounds.encode(tune, "wav", sample_rate=rate), steps=1)


@pytest.mark.parametrize("header", ["Xing", "none"])
def test_variable_bit_rates_with_and_without_an_index(header: str) -> None:
    """Packets are counted, so a wrong or missing table of an mp3 leads nobody astray."""
    quiet, loud = sounds.tone(10, level=0.01), sounds.noise(10.5, level=0.3)
    data = sounds.mp3_of_variable_bit_rate(np.concatenate([quiet, loud]), index=header == "Xing")
    assert (b"Xing" in data[:1000]) == (header == "Xing")
    _assert_same(data, steps=2)


@pytest.mark.parametrize("suffix", ["mp3", "ogg", "flac", "mkv", "wma", "aac"])
def test_a_damaged_place_moves_no_seam(suffix: str) -> None:
    """What is left out shifts everything after it, in both ways by as much."""
    data = bytearray(_encode(sounds.tune(TUNE_S), suffix))
    for place in (len(data) // 5, len(data) // 2):
        data[place : place + 1500] = np.random.default_rng(0).bytes(1500)
    _assert_same(bytes(data), steps=2)


def test_rates_that_change_on_the_way() -> None:
    """Each run of one rate keeps a grid of its own, also when a seam lies in the second."""
    first = _encode(sounds.tune(7, 1), "aac")
    second = _encode(sounds.tune(13, 2, sample_rate=44_100), "aac", 44_100)
    _assert_same(first + second, steps=2)


@pytest.mark.parametrize("seconds", [2.5, 6.0, 11.9, 12.0, 12.1, 14.9])
def test_the_end_may_lie_anywhere(seconds: float) -> None:
    """On a seam, just before and just behind it, and within the first chunk."""
    _assert_same(sounds.encode(sounds.tune(seconds), "wav"), steps=0)


def test_silence_is_judged_by_the_whole_track() -> None:
    """A silent slice is no silent track; a loud second in an earlier slice counts at the end."""
    loud = sounds.tone(6)
    for parts in ((sounds.silence(13), loud), (loud, sounds.silence(13))):
        _assert_same(sounds.encode(np.concatenate(parts), "wav"), steps=0)
    slices = _each_slice(sounds.encode(sounds.silence(13), "wav"))
    assert [len(next(slices)[0]) for _ in range(2)] == [2, 2]
    with pytest.raises(AudioError) as told:
        next(slices)
    assert told.value.code is ErrorCode.SILENT


def test_a_track_too_long_shows_in_the_slice_that_crosses_the_limit() -> None:
    """Where the file understates its length; what came before was cut already."""
    data = sounds.encode(sounds.tune(8), "opus") * 5
    first = Slice(io.BytesIO(data), max_duration_s=10, samples=SLICE)
    with pytest.raises(AudioError) as at_once:
        list(decode(io.BytesIO(data), max_duration_s=10))
    assert len(list(segments(first, 1))) == 2
    assert first.mark is not None
    second = Slice(io.BytesIO(data), max_duration_s=10, start=first.mark, samples=SLICE)
    with pytest.raises(AudioError) as told:
        list(segments(second, 1))
    assert told.value.code is ErrorCode.TOO_LONG
    assert told.value.message == at_once.value.message


def test_a_file_broken_behind_the_first_slice_is_refused_at_the_end() -> None:
    """Half of all packets decide, wherever they lie, and not those of the last slice alone."""
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
def test_an_excerpt_is_what_was_heard(suffix: str) -> None:
    """From the start of the file and from marks, far and near."""
    data = _encode(sounds.tune(TUNE_S, sample_rate=44_100), suffix, 44_100)
    whole = np.concatenate(list(decode(io.BytesIO(data), max_duration_s=HOUR)))
    marks = [piece.mark for _, piece in _each_slice(data)]
    start, stop = 5 * CHUNK_HOP, 7 * CHUNK_HOP
    for mark in (BEGINNING, marks[0], marks[1]):
        assert mark is not None
        for until in (stop - SAMPLE_RATE, stop):
            heard = excerpt(io.BytesIO(data), mark, start, until, max_duration_s=HOUR)
            wanted = whole[start:until]
            assert heard.shape == wanted.shape
            assert np.abs(heard - wanted).max() <= 2 * ONE_STEP
