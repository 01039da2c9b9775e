"""The chain in one process."""

import io
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from shared.errors import AudioError, ErrorCode
from shared.music.analyse import analyse
from shared.music.chunks import chunks
from shared.music.decode import decode
from shared.music.features import analyse_chunk, warm_up
from shared.music.model import GenreModel
from shared.music.picture import draw
from shared.music.strip import StripBuilder
from tests import sounds


@pytest.fixture(scope="module")
def model() -> GenreModel:
    """Return the committed model, with everything warm."""
    warm_up()
    return GenreModel.load()


def test_is_nothing_but_its_links(tmp_path: Path, model: GenreModel) -> None:
    """Verdict and strip equal those of the parts, called by hand."""
    path = tmp_path / "tune.flac"
    path.write_bytes(sounds.encode(sounds.tune(10, 3), "flac", title="Song"))
    found = analyse(path, model, max_duration_s=60)
    links = [analyse_chunk(s) for s, _, _ in chunks(decode(path, max_duration_s=60))]
    table = model.predict(np.stack([link.features for link in links]))
    builder = StripBuilder()
    for link in links:
        builder.add(link.mel_db)
    assert [(c.start_s, c.end_s) for c in found.verdict.chunks] == [(0, 3), (3, 6), (6, 9)]
    told = [list(c.probabilities.values()) for c in found.verdict.chunks]
    np.testing.assert_array_equal(told, table)
    np.testing.assert_array_equal(found.strip, builder.strip())
    assert found.verdict.duration_s == pytest.approx(10)
    assert found.verdict.model == model.name
    assert found.info.title == "Song"


def test_takes_an_open_file_and_a_track_below_a_chunk(model: GenreModel) -> None:
    """A second of music in memory is one chunk of its true length, and can be drawn."""
    found = analyse(io.BytesIO(sounds.encode(sounds.tune(1.5), "wav")), model, max_duration_s=60)
    [chunk] = found.verdict.chunks
    assert chunk.start_s == 0
    assert chunk.end_s == pytest.approx(1.5)
    assert found.strip.shape[1] == 65
    assert draw(found.strip, found.verdict).startswith(b"\x89PNG")


def test_progress_rises_to_one(model: GenreModel) -> None:
    """Progress never falls, moves with the chunks, and ends at 1 once."""
    seen: list[float] = []
    wav = io.BytesIO(sounds.encode(sounds.tune(12), "wav"))
    analyse(wav, model, max_duration_s=60, progress=seen.append)
    assert seen == [0.25, 0.5, 0.75, 0.99, 1.0]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"no sound", ErrorCode.NOT_AUDIO),
        (sounds.encode(sounds.tune(0.5), "wav"), ErrorCode.TOO_SHORT),
        (sounds.encode(sounds.silence(4), "wav"), ErrorCode.SILENT),
        (sounds.encode(sounds.tune(9), "wav"), ErrorCode.TOO_LONG),
    ],
)
def test_errors_of_the_file_come_through(
    model: GenreModel, content: bytes, code: ErrorCode
) -> None:
    """What cannot be classified is told by the error of the link that found it."""
    with pytest.raises(AudioError) as caught:
        analyse(io.BytesIO(content), model, max_duration_s=8)
    assert caught.value.code == code


def test_memory_does_not_grow_with_the_track(tmp_path: Path, model: GenreModel) -> None:
    """Two minutes take hardly more memory than half a minute."""
    peaks = []
    for seconds in (30, 120):
        path = tmp_path / f"{seconds}.wav"
        path.write_bytes(sounds.encode(sounds.noise(seconds), "wav"))
        tracemalloc.start()
        analyse(path, model, max_duration_s=600)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    decoded = 90 * 22_050 * 4
    assert peaks[1] - peaks[0] < decoded / 4
