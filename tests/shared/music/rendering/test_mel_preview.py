"""The mel preview."""

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.music.constants import N_FRAMES, N_MELS
from shared.music.features.fast import analyse_chunk
from shared.music.rendering.mel_preview import (
    CEILING_DB,
    DB_PER_STEP,
    FLOOR_DB,
    MAX_COLUMNS,
    MelPreviewBuilder,
    columns_per_chunk,
    mel_preview,
    narrow,
)
from tests import sounds


def ramp() -> NDArray[np.float32]:
    """Return a spectrogram that rises by half a decibel per frame."""
    return np.tile(np.arange(N_FRAMES, dtype=np.float32) / 2 - 60, (N_MELS, 1))


@pytest.mark.parametrize(
    ("n_chunks", "columns"), [(1, 129), (9, 129), (10, 120), (400, 3), (1200, 1), (3600, 1)]
)
def test_columns_per_chunk(n_chunks: int, columns: int) -> None:
    """Short tracks get a column per frame, long ones a column per chunk."""
    assert columns_per_chunk(n_chunks) == columns


@pytest.mark.parametrize("columns", [1, 7, 64, 129, 130])
def test_columns_hold_the_mean_of_their_frames(columns: int) -> None:
    """To within half a quantisation step."""
    preview = mel_preview(ramp(), columns)
    assert preview.shape == (N_MELS, columns)
    assert preview.dtype == np.uint8
    parts = [part.mean() for part in np.split(ramp()[0], edges(columns))]
    back = preview[0] * DB_PER_STEP + FLOOR_DB
    np.testing.assert_allclose(back, parts, atol=DB_PER_STEP / 2 + 1e-3)


def edges(columns: int) -> list[int]:
    """Return where one column ends and the next begins."""
    return [N_FRAMES * i // columns for i in range(1, columns)]


def test_scale_holds_the_loudest_and_the_quietest() -> None:
    """Full-scale sound is below the ceiling, digital silence at the floor."""
    loud = analyse_chunk(np.sign(sounds.tone(3, 440, level=1.0))).mel_db
    assert CEILING_DB - 30 < loud.max() < CEILING_DB
    quiet = analyse_chunk(sounds.silence(3)).mel_db
    assert mel_preview(quiet, 10).max() == 0


def test_levels_beyond_the_scale_are_clipped() -> None:
    """They become 0 or 255 and do not wrap around."""
    levels = np.full((N_MELS, N_FRAMES), 500, np.float32)
    assert mel_preview(levels, 1).min() == 255
    assert mel_preview(-levels, 1).max() == 0


def test_a_short_track_is_shown_once() -> None:
    """Of a track of one second, which was repeated to fill a chunk, one second is shown."""
    preview = mel_preview(ramp(), 129, length_s=1.0)
    assert preview.shape == (N_MELS, 44)
    assert preview[0, -1] == mel_preview(ramp(), N_FRAMES)[0, 43]


@pytest.mark.parametrize(
    ("shape", "columns"), [((128,), 1), ((64, 130), 1), ((128, 130), 0), ((128, 130), 131)]
)
def test_refuses_what_cannot_be_made(shape: tuple[int, ...], columns: int) -> None:
    """Another shape, no columns, or more columns than frames."""
    with pytest.raises(ValueError, match=r"spectrogram|columns"):
        mel_preview(np.zeros(shape, np.float32), columns)


def test_builder_keeps_all_columns_of_a_short_track() -> None:
    """A preview within the limit is the previews of its chunks side by side."""
    builder = MelPreviewBuilder()
    for _ in range(3):
        builder.add(ramp())
    np.testing.assert_array_equal(builder.preview(), np.tile(mel_preview(ramp(), 128), (1, 3)))


def test_builder_stays_small() -> None:
    """The preview of a long track fits the picture and covers it from start to end."""
    builder = MelPreviewBuilder()
    for i in range(2000):
        builder.add(np.full((N_MELS, N_FRAMES), i / 20 - 50, np.float32))
    preview = builder.preview()
    assert preview.shape == (N_MELS, MAX_COLUMNS)
    assert np.all(np.diff(preview[0].astype(int)) >= 0)
    assert preview[0, 0] == mel_preview(np.full((N_MELS, 2), -50, np.float32), 1)[0, 0]


def test_narrow_leaves_what_fits() -> None:
    """A preview within the limit is returned unchanged."""
    preview = np.arange(256, dtype=np.uint8).reshape(128, 2)
    assert narrow(preview) is preview
    assert narrow(preview, 1)[1, 0] == 2, "mean of 2 and 3, rounded half to even"
