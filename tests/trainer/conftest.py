"""A data folder laid out as GTZAN is, with ten tracks a genre and nothing real in it."""

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from shared.genres import GENRES
from shared.music.features import FEATURE_NAMES

TRACKS = 10
CHUNKS = 3
PARTS = {"train": range(6), "valid": range(6, 8), "test": range(8, 10)}


def name_of(genre: str, number: int) -> str:
    """Name a track as GTZAN does."""
    return f"{genre}.{number:05}"


def write_table(path: Path, rows: Iterable[tuple[str, str, np.ndarray]]) -> None:
    """Write a feature table from file names, labels and features."""
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["filename", "length", *FEATURE_NAMES, "label"])
        for name, label, features in rows:
            table.writerow([name, 66149, *features, label])


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A table of ten genres that differ, a split and an index of artists."""
    rng = np.random.default_rng(0)
    centres = rng.normal(0, 3, (len(GENRES), len(FEATURE_NAMES)))
    folder = tmp_path / "gtzan"
    (folder / "splits").mkdir(parents=True)
    write_table(
        folder / "features_3_sec.csv",
        (
            (f"{name_of(genre, n)}.{k}.wav", genre, rng.normal(centres[g], 1))
            for g, genre in enumerate(GENRES)
            for n in range(TRACKS)
            for k in range(CHUNKS)
        ),
    )
    for part, numbers in PARTS.items():
        names = [name_of(genre, n) for genre in GENRES for n in numbers]
        (folder / "splits" / f"{part}_filtered.txt").write_text("\n".join(names) + "\n")
    with (folder / "artists.csv").open("w", newline="") as file:
        index = csv.writer(file)
        index.writerow(["track", "artist", "title"])
        for genre in GENRES:
            index.writerows([name_of(genre, n), f"{genre} {n // 2}", ""] for n in range(TRACKS))
    return folder
