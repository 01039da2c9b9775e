"""Which chunks are tagged, and at what level the tagger hears them."""

from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.music.constants import CHUNK_HOP, CHUNK_SAMPLES, N_TAGS, TAGGER_LEVEL_DBFS
from shared.music.tagging.chunk_tags import NO_TAGS, ChunkTags, tag_stride, warm_up
from shared.music.tagging.tagger import Tagger
from tests.sounds import noise, silence, tune

GROUP = 10


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


def _tagged(chunks: list[NDArray[np.float32]], first: int = 0) -> list[int]:
    """Return the places of the chunks that get tags."""
    tags = ChunkTags(cast("Tagger", _Recorder()), first)
    rows = [tags.next(samples) for samples in chunks]
    return [first + place for place, row in enumerate(rows) if np.isfinite(row).all()]


def test_tagging_thins_out() -> None:
    """Twenty chunks whole, every second one up to 120, then every fourth of each group."""
    expected = [
        *range(20),
        *range(20, 120, 2),
        *(group + place for group in range(120, 200, GROUP) for place in (0, 4, 8)),
    ]
    assert _tagged([_short(0.1)] * 200) == expected


@pytest.mark.parametrize(
    ("place", "stride"), [(0, 1), (19, 1), (20, 2), (119, 2), (120, 4), (10**6, 4)]
)
def test_strides_go_by_the_place(place: int, stride: int) -> None:
    """Their borders belong to what follows."""
    assert tag_stride(place) == stride


def test_silent_chunks_have_no_tags_and_are_not_counted() -> None:
    """Strides count audible chunks, and the first audible one of a group is always tagged."""
    chunks = [_short(0.1)] * 40
    for silent in (0, 20, 21, 22, 25, *range(30, 39)):
        chunks[silent] = _short(0.0)
    # Of 23, 24, 26, 27, 28, 29 every second one; of the last group only 39 can be heard.
    assert _tagged(chunks) == [*range(1, 20), 23, 26, 28, 39]


def test_groups_are_tagged_alike_in_parts_and_in_one() -> None:
    """A worker that begins at a later group tags the same chunks of it."""
    rng = np.random.default_rng(1)
    chunks = [_short(level) for level in rng.choice([0.0, 0.1], 170, p=[0.3, 0.7])]
    parts = [_tagged(chunks[start : start + GROUP], start) for start in range(0, 170, GROUP)]
    assert [place for part in parts for place in part] == _tagged(chunks)


@pytest.mark.parametrize(("level_dbfs", "audible"), [(-59.9, True), (-60.1, False)])
def test_what_is_silent(level_dbfs: float, *, audible: bool) -> None:
    """The line is drawn at -60 dB full scale, finer than in steps of 16 bits."""
    assert (_tagged([_short(10 ** (level_dbfs / 20))]) == [0]) is audible


@pytest.mark.parametrize("level_dbfs", [-50.0, -20.0, 0.0])
def test_every_chunk_is_heard_at_one_level(level_dbfs: float) -> None:
    """Quiet ones are brought up and loud ones down, and the chunk itself stays as it is."""
    recorder = _Recorder()
    chunk = _short(10 ** (level_dbfs / 20))
    before = chunk.copy()
    row = ChunkTags(cast("Tagger", recorder)).next(chunk)
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
        plain, changed = (ChunkTags(tagger).next(heard) for heard in (sound, gain * sound))
        np.testing.assert_allclose(changed, plain, atol=1e-3)


def test_both_lengths_of_a_chunk_are_taken() -> None:
    """As the features take them."""
    tagger = Tagger.load()
    whole = tune(3)
    assert len(whole) == CHUNK_HOP
    rows = [ChunkTags(tagger).next(samples) for samples in (whole, whole[:CHUNK_SAMPLES])]
    np.testing.assert_allclose(rows[0], rows[1], atol=1e-4)


def test_silence_is_not_tagged_at_all() -> None:
    """The network is not asked, and the row says so."""
    recorder = _Recorder()
    np.testing.assert_array_equal(ChunkTags(cast("Tagger", recorder)).next(silence(3)), NO_TAGS)
    assert np.isnan(NO_TAGS).all()
    assert recorder.heard == []


def test_warm_up_has_a_chunk_tagged() -> None:
    """One, of the right length and above silence."""
    recorder = _Recorder()
    warm_up(cast("Tagger", recorder))
    [heard] = recorder.heard
    assert heard.shape == (CHUNK_SAMPLES,)
    assert np.ptp(heard) > 1
