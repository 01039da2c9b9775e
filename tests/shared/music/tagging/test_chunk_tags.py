"""Tagging chunks: which ones, and at what level."""

from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.music.constants import CHUNK_HOP, CHUNK_SAMPLES, N_TAGS, TAGGER_LEVEL_DBFS
from shared.music.tagging.chunk_tags import NO_TAGS, TagsBeside, chunk_tags, warm_up
from shared.music.tagging.tagger import Tagger
from tests.sounds import noise, silence, tune


class _Recorder:
    """Keeps the chunks it is given; its tags are the number of chunks before."""

    def __init__(self) -> None:
        self.given: list[NDArray[np.float32]] = []

    def tag_chunk(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        self.given.append(samples)
        return np.full(N_TAGS, len(self.given) - 1, np.float32)


def _short(level: float) -> NDArray[np.float32]:
    """Return a few samples with an RMS level; nothing here depends on a chunk's length."""
    return np.array([level, -level] * 5, np.float32)


def test_every_chunk_is_tagged_unless_it_is_silent() -> None:
    """In tracks of any length; silent chunks are not given to the network."""
    recorder = _Recorder()
    silent = {0, 20, 21, 199}
    with TagsBeside(cast("Tagger", recorder)) as beside:
        for place in range(200):
            beside.add(_short(0.0 if place in silent else 0.1))
        rows = beside.tags()
    assert rows.shape == (200, N_TAGS)
    assert set(np.flatnonzero(np.isnan(rows).any(axis=1)).tolist()) == silent
    assert rows[~np.isnan(rows[:, 0]), 0].tolist() == list(range(196)), "in their order"
    assert len(recorder.given) == 196


@pytest.mark.parametrize(("level_dbfs", "audible"), [(-59.9, True), (-60.1, False)])
def test_silence_begins_below_a_level(level_dbfs: float, *, audible: bool) -> None:
    """At -60 dB full scale, independent of the 16-bit grid."""
    row = chunk_tags(cast("Tagger", _Recorder()), _short(10 ** (level_dbfs / 20)))
    assert bool(np.isfinite(row).all()) is audible


@pytest.mark.parametrize("level_dbfs", [-50.0, -20.0, 0.0])
def test_chunks_are_tagged_at_one_level(level_dbfs: float) -> None:
    """Quiet and loud chunks alike; the argument is not changed."""
    recorder = _Recorder()
    chunk = _short(10 ** (level_dbfs / 20))
    before = chunk.copy()
    row = chunk_tags(cast("Tagger", recorder), chunk)
    [given] = recorder.given
    assert 10 * np.log10(np.mean(given.astype(float) ** 2)) == pytest.approx(
        TAGGER_LEVEL_DBFS, abs=1e-3
    )
    assert given.dtype == np.float32
    np.testing.assert_array_equal(chunk, before)
    assert row.shape == (N_TAGS,)


@pytest.mark.parametrize("gain_db", [-30.0, -12.0, 6.0])
def test_tags_do_not_depend_on_volume(gain_db: float) -> None:
    """The network gives the same tags to the same music, louder or quieter."""
    tagger = Tagger.load()
    for sound in (tune(3), noise(3)):
        gain = np.float32(10 ** (gain_db / 20))
        plain, changed = (chunk_tags(tagger, samples) for samples in (sound, gain * sound))
        np.testing.assert_allclose(changed, plain, atol=1e-3)


def test_both_lengths_of_a_chunk_are_taken() -> None:
    """As in the features."""
    tagger = Tagger.load()
    whole = tune(3)
    assert len(whole) == CHUNK_HOP
    rows = [chunk_tags(tagger, samples) for samples in (whole, whole[:CHUNK_SAMPLES])]
    np.testing.assert_allclose(rows[0], rows[1], atol=1e-4)


def test_silence_is_not_tagged() -> None:
    """The network is not run; the row is NaN."""
    recorder = _Recorder()
    np.testing.assert_array_equal(chunk_tags(cast("Tagger", recorder), silence(3)), NO_TAGS)
    assert np.isnan(NO_TAGS).all()
    assert recorder.given == []


def test_warm_up_tags_a_chunk() -> None:
    """Of the right length, and not silent."""
    recorder = _Recorder()
    warm_up(cast("Tagger", recorder))
    [given] = recorder.given
    assert given.shape == (CHUNK_SAMPLES,)
    assert np.ptp(given) > 1
