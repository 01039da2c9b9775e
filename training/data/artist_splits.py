"""Lists of training, validation and test tracks, and the artists that keep them apart."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from training.data.gtzan import DataError

SPLITS: Final = "splits"
ARTISTS: Final = "artists.csv"
FILES: Final = {part: f"{part}_filtered.txt" for part in ("train", "valid", "test")}


@dataclass(frozen=True)
class Split:
    """Training, validation and test tracks."""

    train: frozenset[str]
    valid: frozenset[str]
    test: frozenset[str]

    def without_test_artists(self, artists: Mapping[str, str]) -> "Split":
        """Leave out of train and valid the tracks of artists who are also in test.

        Args:
            artists: artist of each track, where known.

        Raises:
            DataError: a track is in two of the lists.

        """
        if self.train & self.valid or (self.train | self.valid) & self.test:
            raise DataError("The lists of the split overlap: a track is in two of them.")
        test_artists = {artists[track] for track in self.test if track in artists}
        kept = [
            frozenset(track for track in part if artists.get(track) not in test_artists)
            for part in (self.train, self.valid)
        ]
        return replace(self, train=kept[0], valid=kept[1])


def read_split(data_dir: Path) -> Split | None:
    """Read the fault-filtered split of Kereliuk, Sturm and Larsen (2015).

    Returns:
        The split, or ``None`` where the data folder has none, as in the public distribution.

    Raises:
        DataError: a list is missing or empty.

    """
    folder = data_dir / SPLITS
    if not folder.is_dir():
        return None
    parts = {part: _read_list(folder / file) for part, file in FILES.items()}
    return Split(**parts)


def read_artists(data_dir: Path) -> dict[str, str]:
    """Return each track's artist, where known, in lower case with single spaces.

    From Sturm's index of GTZAN (MIRUM 2012). Empty where the file is missing.

    Raises:
        DataError: the file lacks a column.

    """
    path = data_dir / ARTISTS
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if not {"track", "artist"} <= set(rows.fieldnames or ()):
            raise DataError(f"{path} lacks the columns track and artist.")
        spelled = {row["track"]: " ".join((row["artist"] or "").casefold().split()) for row in rows}
    return {track: artist for track, artist in spelled.items() if artist}


def _read_list(path: Path) -> frozenset[str]:
    try:
        names: Iterable[str] = path.read_text(encoding="utf-8").split()
    except OSError as error:
        raise DataError(
            f"There is no {path}. Where the data folder has {SPLITS}/, the trainer looks "
            f"there for {', '.join(FILES.values())}."
        ) from error
    # Some editions write paths (blues/blues.00029.wav), some only names.
    tracks = frozenset(".".join(name.rsplit("/", 1)[-1].split(".")[:2]) for name in names)
    if not tracks:
        raise DataError(f"{path} is empty.")
    return tracks
