"""Pictures read from the public layout."""

import logging
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imsave

from shared.domain.genres import GENRES
from training.data.gtzan import DataError
from training.study.image_network.images import BANDS, FRAMES, load_images


def test_the_layout_is_read(gallery: Path) -> None:
    """Genres come from folders, tracks from names with or without the dot."""
    found = load_images(gallery)
    assert found.pixels.shape == (50, BANDS, FRAMES)
    assert found.pixels.dtype == np.float32
    assert found.counts() == dict.fromkeys(GENRES, 5)
    assert found.tracks[0] == "blues.00000"
    assert found.labels[-1] == "rock"


def test_a_broken_picture_is_named_and_left_out(
    gallery: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The others are read all the same."""
    folder = tmp_path / "images_original" / "jazz"
    folder.mkdir(parents=True)
    good = (gallery / "images_original" / "jazz" / "jazz00001.png").read_bytes()
    (folder / "jazz.00001.png").write_bytes(good)
    (folder / "jazz.00054.png").write_bytes(b"this is no picture")
    (folder / "jazz.00055.png").write_bytes(good[: len(good) // 2])
    (folder / "cover.png").write_bytes(good)
    with caplog.at_level(logging.WARNING):
        found = load_images(tmp_path)
    assert found.tracks.tolist() == ["jazz.00001"]
    warned = " ".join(record.getMessage() for record in caplog.records)
    assert "jazz.00054.png" in warned
    assert "jazz.00055.png" in warned


def test_pictures_of_another_size_are_brought_to_ours(tmp_path: Path) -> None:
    """The common distribution has plots in colour, 432 by 288: up stays up, left stays left."""
    folder = tmp_path / "images_original" / "rock"
    folder.mkdir(parents=True)
    plot = np.zeros((288, 432, 4))
    plot[..., 3] = 1.0
    plot[:144, :216, :3] = 0.8
    imsave(folder / "rock00003.png", plot)
    (picture,) = load_images(tmp_path).pixels
    assert picture.shape == (BANDS, FRAMES)
    assert picture[: BANDS // 2 - 2, : FRAMES // 2 - 4].min() == pytest.approx(0.8, abs=0.01)
    assert picture[BANDS // 2 + 2 :].max() == 0.0
    assert picture[:, FRAMES // 2 + 4 :].max() == 0.0


def test_a_folder_without_pictures_is_said_to_be_one(tmp_path: Path) -> None:
    """The message says what was looked for."""
    with pytest.raises(DataError, match=r"images_original/<genre>/\*\.png"):
        load_images(tmp_path)
