"""The whole signal chain in one process."""

import io
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from shared.errors import AudioError, ErrorCode
from shared.music.chunking import chunks
from shared.music.decoding.decoder import decode
from shared.music.features.fast import analyse_chunk, warm_up
from shared.music.model.classifier import GenreModel
from shared.music.pipeline import analyse, extract
from shared.music.rendering.figure import draw
from shared.music.rendering.mel_preview import MelPreviewBuilder
from shared.music.tagging.chunk_tags import chunk_tags
from shared.music.tagging.tagger import Tagger
from tests import sounds


@pytest.fixture(scope="module")
def model() -> GenreModel:
    """Return the committed model, with everything warm."""
    warm_up()
    return GenreModel.load()


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    """Return the network that comes with the package."""
    return Tagger.load()


def test_gives_what_its_stages_give(tmp_path: Path, model: GenreModel, tagger: Tagger) -> None:
    """Verdict and mel preview equal those of the stages, called by hand."""
    path = tmp_path / "tune.flac"
    path.write_bytes(sounds.encode(sounds.tune(10, 3), "flac", title="Song"))
    found = analyse(path, model, tagger, max_duration_s=60)
    cut = [samples for samples, _, _ in chunks(decode(path, max_duration_s=60))]
    analyses = [analyse_chunk(samples) for samples in cut]
    tags = np.stack([chunk_tags(tagger, samples) for samples in cut])
    prediction = model.predict_track(np.stack([chunk.features for chunk in analyses]), tags)
    builder = MelPreviewBuilder()
    for chunk in analyses:
        builder.add(chunk.mel_db)
    assert [(c.start_s, c.end_s) for c in found.verdict.chunks] == [(0, 3), (3, 6), (6, 9)]
    told = [list(c.probabilities.values()) for c in found.verdict.chunks]
    np.testing.assert_array_equal(told, prediction.chunks)
    assert list(found.verdict.probabilities.values()) == prediction.track.tolist()
    np.testing.assert_array_equal(found.preview, builder.preview())
    assert found.verdict.duration_s == pytest.approx(10)
    assert found.verdict.model == model.name
    assert found.info.title == "Song"


def test_features_can_be_extracted_first_and_classified_later(
    model: GenreModel, tagger: Tagger
) -> None:
    """There is a row for each chunk; a silent chunk has no tags."""
    samples = np.concatenate((sounds.tune(6), sounds.silence(3), sounds.tune(4)))
    wav = sounds.encode(samples, "wav")
    track = extract(io.BytesIO(wav), tagger, max_duration_s=60)
    assert track.features.shape == (4, 57)
    assert track.tags.shape == (4, 50)
    assert track.tags.dtype == np.float32
    assert np.isnan(track.tags).all(axis=1).tolist() == [False, False, True, False]
    assert track.spans == [(0, 3), (3, 6), (6, 9), (9, 12)]
    assert track.duration_s == pytest.approx(13)
    found = analyse(io.BytesIO(wav), model, tagger, max_duration_s=60)
    assert track.verdict(model) == found.verdict


@pytest.mark.parametrize("gain_db", [-12.0, -6.0, 3.0])
def test_volume_is_no_part_of_the_verdict(
    model: GenreModel, tagger: Tagger, gain_db: float
) -> None:
    """The same tune, louder or quieter, has the same genre, family and probabilities."""
    samples = sounds.tune(12, 2)
    gain = np.float32(10 ** (gain_db / 20))
    assert np.abs(gain * samples).max() < 1, "else it would be clipped"
    plain, changed = (
        analyse(io.BytesIO(sounds.encode(heard, "wav")), model, tagger, max_duration_s=60).verdict
        for heard in (samples, gain * samples)
    )
    assert (changed.genre, changed.family) == (plain.genre, plain.family)
    for genre, probability in plain.probabilities.items():
        assert changed.probabilities[genre] == pytest.approx(probability, abs=0.02)


@pytest.mark.parametrize(
    "samples",
    [
        np.concatenate((sounds.tone(1, level=2e-3), sounds.silence(5))),
        np.concatenate((sounds.silence(6), sounds.tune(1.2))),
    ],
    ids=["one faint second", "nothing but the tail"],
)
def test_a_track_without_an_audible_chunk_is_silent(
    model: GenreModel, tagger: Tagger, samples: sounds.Samples
) -> None:
    """This may happen although a second of it is audible."""
    with pytest.raises(AudioError) as caught:
        analyse(io.BytesIO(sounds.encode(samples, "wav")), model, tagger, max_duration_s=60)
    assert caught.value.code == ErrorCode.SILENT


def test_takes_an_open_file_and_a_track_shorter_than_a_chunk(
    model: GenreModel, tagger: Tagger
) -> None:
    """It is one chunk of the track's own length, and can be drawn."""
    wav = io.BytesIO(sounds.encode(sounds.tune(1.5), "wav"))
    found = analyse(wav, model, tagger, max_duration_s=60)
    [chunk] = found.verdict.chunks
    assert chunk.start_s == 0
    assert chunk.end_s == pytest.approx(1.5)
    assert found.preview.shape[1] == 65
    assert draw(found.preview, found.verdict).startswith(b"\x89PNG")


def test_progress_rises_to_one(model: GenreModel, tagger: Tagger) -> None:
    """It rises with the chunks and ends at 1."""
    seen: list[float] = []
    wav = io.BytesIO(sounds.encode(sounds.tune(12), "wav"))
    analyse(wav, model, tagger, max_duration_s=60, progress=seen.append)
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
def test_errors_of_the_file_are_raised(
    model: GenreModel, tagger: Tagger, content: bytes, code: ErrorCode
) -> None:
    """By the stage that finds them."""
    with pytest.raises(AudioError) as caught:
        analyse(io.BytesIO(content), model, tagger, max_duration_s=8)
    assert caught.value.code == code


def test_memory_does_not_grow_with_the_track(
    tmp_path: Path, model: GenreModel, tagger: Tagger
) -> None:
    """Two minutes take little more memory than half a minute."""
    peaks = []
    for seconds in (30, 120):
        path = tmp_path / f"{seconds}.wav"
        path.write_bytes(sounds.encode(sounds.noise(seconds), "wav"))
        tracemalloc.start()
        analyse(path, model, tagger, max_duration_s=600)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    decoded = 90 * 22_050 * 4
    assert peaks[1] - peaks[0] < decoded / 4
