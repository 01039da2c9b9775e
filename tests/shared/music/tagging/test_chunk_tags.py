"""Which chunks are tagged, and at what level the tagger hears them."""

from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.music.constants import CHUNK_HOP, CHUNK_SAMPLES, N_TAGS, TAGGER_LEVEL_DBFS
from shared.music.tagging.chunk_tags import NO_TAGS, TagsBeside, chunk_tags, warm_up
from shared.music.tagging.tagger import Tagger
from tests.sounds import noise, silence, tune


class _Recorder:
    """Keeps what it hears, and tells by its tags how many chunks there were before."""

    def __init__(self) -> None:
        self.heard: list[NDArray[np.float32]] = []

    def tag_chunk(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        self.heard.append(samples)
        return np.full(N_TAGS, len(self.heard) - 1, np.float32)


def _short(level: float) -> NDArray[np.float32]:
    """A few samples at a level, RMS, in place of a chunk: nothing here looks at the length."""
    return np.array([level, -level] * 5, np.float32)


def test_every_chunk_is_tagged_that_can_be_heard() -> None:
    """However long the track; silent ones have no tags, and the network is not asked."""
    recorder = _Recorder()
    silent = {0, 20, 21, 199}
    with TagsBeside(cast("Tagger", recorder)) as beside:
        for place in range(200):
            beside.add(_short(0.0 if place in silent else 0.1))
        rows = beside.tags()
    assert rows.shape == (200, N_TAGS)
    assert set(np.flatnonzero(np.isnan(rows).any(axis=1)).tolist()) == silent
    assert rows[~np.isnan(rows[:, 0]), 0].tolist() == list(range(196)), "in their order"
    assert len(recorder.heard) == 196


@pytest.mark.parametrize(("level_dbfs", "audible"), [(-59.9, True), (-60.1, False)])
def test_what_is_silent(level_dbfs: float, *, audible: bool) -> None:
    """The line is drawn at -60 dB full scale, finer than in steps of 16 bits."""
    row = chunk_tags(cast("Tagger", _Recorder()), _short(10 ** (level_dbfs / 20)))
    assert bool(np.isfinite(row).all()) is audible


@pytest.mark.parametrize("level_dbfs", [-50.0, -20.0, 0.0])
def test_every_chunk_is_heard_at_one_level(level_dbfs: float) -> None:
    """Quiet ones are brought up and loud ones down, and the chunk itself stays as it is."""
    recorder = _Recorder()
    chunk = _short(10 ** (level_dbfs / 20))
    before = chunk.copy()
    row = chunk_tags(cast("Tagger", recorder), chunk)
    [heard] = recorder.heard
    assert 10 * np.log10(np.mean(heard.astype(float) ** 2)) == pytest.approx(
        TAGGER_LEVEL_DBFS, abs=1e-3
    )
    assert heard.dtype == np.float32
    np.testing.assert_array_equal(chunk, before)
    assert row.shape == (N_TAGS,)


@pytest.mark.parametrize("gain_db", [-30.0, -12.0, 6.0])
def test_volume_does_not_move_tags(gain_db: float) -> None:
    """The real network says the same of the same music, louder or quieter."""
    tagger = Tagger.load()
    for sound in (tune(3), noise(3)):
        gain = np.float32(10 ** (gain_db / 20))
        plain, changed = (chunk_tags(tagger, heard) for heard in (sound, gain * sound))
        np.testing.assert_allclose(changed, plain, atol=1e-3)


def test_both_lengths_of_a_chunk_are_taken() -> None:
    """As the features take them."""
    tagger = Tagger.load()
    whole = tune(3)
    assert len(whole) == CHUNK_HOP
    rows = [chunk_tags(tagger, samples) for samples in (whole, whole[:CHUNK_SAMPLES])]
    np.testing.assert_allclose(rows[0], rows[1], atol=1e-4)


def test_silence_is_not_tagged_at_all() -> None:
    """The network is not asked, and the row says so."""
    recorder = _Recorder()
    np.testing.assert_array_equal(chunk_tags(cast("Tagger", recorder), silence(3)), NO_TAGS)
    assert np.isnan(NO_TAGS).all()
    assert recorder.heard == []


def test_warm_up_has_a_chunk_tagged() -> None:
    """One, of the right length and above silence."""
    recorder = _Recorder()
    warm_up(cast("Tagger", recorder))
    [heard] = recorder.heard
    assert heard.shape == (CHUNK_SAMPLES,)
    assert np.ptp(heard) > 1
