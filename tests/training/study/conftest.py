"""A small GTZAN with nothing real in it: recordings that differ, genres that overlap."""

import csv
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imsave

from shared.domain.genres import GENRES
from shared.music.features.table import FEATURE_NAMES
from tests.training.conftest import name_of, write_table
from training.data.gtzan import Dataset, load_table

TRACKS = 6
CHUNKS = 5
PARTS = {"train": range(3), "valid": range(3, 5), "test": range(5, 6)}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder: table, artists of two tracks each, split, and pictures."""
    rng = np.random.default_rng(7)
    data = tmp_path_factory.mktemp("gtzan")
    centres = rng.normal(0, 0.6, (len(GENRES), len(FEATURE_NAMES)))
    recordings = rng.normal(0, 1.0, (len(GENRES), TRACKS, len(FEATURE_NAMES)))
    write_table(
        data / "features_3_sec.csv",
        (
            (
                f"{name_of(genre, n)}.{k}.wav",
                genre,
                centres[g] + recordings[g, n] + rng.normal(0, 0.4, len(FEATURE_NAMES)),
            )
            for g, genre in enumerate(GENRES)
            for n in range(TRACKS)
            for k in range(CHUNKS)
        ),
    )
    with (data / "artists.csv").open("w", newline="") as file:
        index = csv.writer(file)
        index.writerow(["track", "artist", "title"])
        for genre in GENRES:
            index.writerows([name_of(genre, n), f"{genre} {n // 2}", ""] for n in range(TRACKS - 1))
    (data / "splits").mkdir()
    for part, numbers in PARTS.items():
        names = [name_of(genre, n) for genre in GENRES for n in numbers]
        (data / "splits" / f"{part}_filtered.txt").write_text("\n".join(names) + "\n")
    return data


@pytest.fixture
def dataset(folder: Path) -> Dataset:
    """Its table."""
    return load_table(folder)


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with five pictures a genre: each has a bright band at its own height."""
    rng = np.random.default_rng(3)
    data = tmp_path_factory.mktemp("pictures")
    for g, genre in enumerate(GENRES):
        (data / "images_original" / genre).mkdir(parents=True)
        for n in range(5):
            picture = rng.uniform(0.0, 0.4, (128, 647))
            picture[12 * g : 12 * g + 8] += 0.5
            grey = np.repeat(picture[:, :, None], 3, axis=2)
            imsave(data / "images_original" / genre / f"{genre}{n:05}.png", grey)
    return data
