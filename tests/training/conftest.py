"""A data folder laid out as GTZAN is, with twelve tracks a genre and nothing real in it."""

import csv
from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np
import pytest

from shared.domain.genres import GENRES
from shared.music.constants import N_TAGS
from shared.music.features.table import FEATURE_NAMES
from shared.music.model.music_detector import FAMILIES
from training.data.recordings import Recording
from training.fitting.music_detector import Sounds

TRACKS = 12
CHUNKS = 3
PATCHES = 28
PARTS = {"train": range(8), "valid": range(8, 10), "test": range(10, 12)}


def name_of(genre: str, number: int) -> str:
    """Name a track as GTZAN does."""
    return f"{genre}.{number:05}"


def artist_of(genre: str, number: int) -> str:
    """Name the artist of a track: each made two, one after the other."""
    return f"{genre} {number // 2}"


def write_table(path: Path, rows: Iterable[tuple[str, str, np.ndarray]]) -> None:
    """Write a feature table from file names, labels and features."""
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["filename", "length", *FEATURE_NAMES, "label"])
        for name, label, features in rows:
            table.writerow([name, 66149, *features, label])


def features_like(genre: str, rng: np.random.Generator, chunks: int) -> np.ndarray:
    """Features of a genre that differs from others, all above 0."""
    centre = np.random.default_rng([1, GENRES.index(genre)]).normal(0, 1, len(FEATURE_NAMES))
    return np.exp(rng.normal(centre, 0.3, (chunks, len(FEATURE_NAMES))))


def tags_like(genre: str, rng: np.random.Generator, count: int) -> np.ndarray:
    """Tags of a genre that differs from others."""
    centre = np.random.default_rng([2, GENRES.index(genre)]).normal(-2, 1, N_TAGS)
    odds = rng.normal(centre, 0.5, (count, N_TAGS))
    return (1 / (1 + np.exp(-odds))).astype(np.float32)


def write_taggrams(folder: Path, part: str, tracks: Collection[str], seed: int = 0) -> None:
    """Write a taggram as they are published: a row and the track's name for each patch."""
    rng = np.random.default_rng(seed)
    rows = [tags_like(track.split(".")[0], rng, PATCHES) for track in tracks]
    names = np.repeat(np.array(list(tracks)), PATCHES)
    np.savez(folder / f"musicnn_taggrams_{part}.npz", X=np.vstack(rows), track=names)


def write_folder(folder: Path) -> Path:
    """Write a table of ten genres that differ, taggrams, a split and an index of artists."""
    rng = np.random.default_rng(0)
    (folder / "splits").mkdir(parents=True)
    write_table(
        folder / "features_3_sec.csv",
        (
            (f"{name_of(genre, n)}.{k}.wav", genre, features)
            for genre in GENRES
            for n in range(TRACKS)
            for k, features in enumerate(features_like(genre, rng, CHUNKS))
        ),
    )
    for part, numbers in PARTS.items():
        names = [name_of(genre, n) for genre in GENRES for n in numbers]
        (folder / "splits" / f"{part}_filtered.txt").write_text("\n".join(names) + "\n")
        if part != "test":
            write_taggrams(folder, part, names, seed=len(names))
    with (folder / "artists.csv").open("w", newline="") as file:
        index = csv.writer(file)
        index.writerow(["track", "artist", "title"])
        for genre in GENRES:
            for n in range(TRACKS):
                index.writerow([name_of(genre, n), artist_of(genre, n), ""])
    return folder


def recording(track: str, *, chunks: int = CHUNKS, tagged: bool = True, seed: int = 0) -> Recording:
    """A track that no folder holds."""
    genre = track.split(".", maxsplit=1)[0]
    rng = np.random.default_rng([seed, *track.encode()])
    patches = PATCHES if tagged else 0
    return Recording(
        track,
        genre,
        features_like(genre, rng, chunks),
        np.arange(chunks),
        tags_like(genre, rng, patches),
        np.arange(patches) * 0.976,
        "table",
    )


def few_sounds() -> Sounds:
    """Sounds for the music detector that nobody had to synthesize."""
    rng = np.random.default_rng(9)
    names = np.repeat(np.array(FAMILIES), 12)
    centres = np.repeat(np.arange(len(FAMILIES)), 12)[:, None] - 1.0
    features = np.exp(rng.normal(centres, 0.4, (len(names), len(FEATURE_NAMES))))
    tags = 1 / (1 + np.exp(rng.normal(centres, 0.4, (len(names), N_TAGS))))
    return Sounds(features, tags.astype(np.float32), names, names)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A folder of this test's own, as ``write_folder`` writes it."""
    return write_folder(tmp_path / "gtzan")
