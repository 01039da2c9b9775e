"""Which tracks a model may learn from, and which it is judged on: never the same artist."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from services.trainer.data import DataError

SPLITS: Final = "splits"
ARTISTS: Final = "artists.csv"
FILES: Final = {part: f"{part}_filtered.txt" for part in ("train", "valid", "test")}
_FOLDS: Final = 5


@dataclass(frozen=True)
class Split:
    """Three sets of tracks that share neither a track nor an artist.

    ``names`` are what train, valid and test are called in a model's sidecar;
    ``protocol`` says in a sentence how they came about.
    """

    train: frozenset[str]
    valid: frozenset[str]
    test: frozenset[str]
    names: tuple[str, str, str]
    protocol: str

    def clear_of(self, artists: Mapping[str, str]) -> "Split":
        """Leave out of train and valid what shares an artist with the test tracks.

        Args:
            artists: artist of each track, as far as known.

        Raises:
            DataError: a track stands in two parts.

        """
        if self.train & self.valid or (self.train | self.valid) & self.test:
            raise DataError("The split is not one: a track stands in two of its parts.")
        barred = {artists[track] for track in self.test if track in artists}
        kept = [
            frozenset(track for track in part if artists.get(track) not in barred)
            for part in (self.train, self.valid)
        ]
        return replace(self, train=kept[0], valid=kept[1])


def read_split(data_dir: Path) -> Split | None:
    """Read the fault-filtered split of Kereliuk, Sturm and Larsen (2015).

    Returns:
        The split, or ``None`` where the data folder has none: the public distribution
        comes without.

    Raises:
        DataError: a part of it is missing or empty.

    """
    folder = data_dir / SPLITS
    if not folder.is_dir():
        return None
    parts = {part: _names_in(folder / file) for part, file in FILES.items()}
    return Split(
        **parts,
        names=("train_filtered", "valid_filtered", "test_filtered"),
        protocol=(
            "Fault-filtered split of Kereliuk, Sturm and Larsen (2015): no copies, no "
            "distorted or mislabelled tracks, no artist in two parts. Scores are of a fit on "
            "train_filtered; the model is a fit with the same parameters on train_filtered "
            "and valid_filtered. test_filtered was used for nothing."
        ),
    )


def read_artists(data_dir: Path) -> dict[str, str]:
    """Return each track's artist in one spelling, as far as known.

    They come from Sturm's index of GTZAN (MIRUM 2012); empty where the file is missing.

    Raises:
        DataError: the file has other columns.

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


def make_split(genres: Mapping[str, str], artists: Mapping[str, str], seed: int) -> Split:
    """Split tracks where no split came with them: three fifths, one fifth, one fifth.

    Genres are spread evenly; tracks of one artist stay together, and so do, by their
    nature, the chunks of one track.

    Args:
        genres: genre of each track.
        artists: artist of each track, as far as known.
        seed: seed of the shuffle.

    Raises:
        DataError: too few tracks of a genre.

    """
    tracks = sorted(genres)
    labels = [genres[track] for track in tracks]
    if scarce := sorted({label for label in labels if labels.count(label) < _FOLDS}):
        raise DataError(f"A split needs {_FOLDS} tracks of each genre: {', '.join(scarce)}.")
    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=seed).split(
        np.zeros(len(tracks)), labels, [artists.get(track, f"?{track}") for track in tracks]
    )
    test, valid, *train = [frozenset(tracks[i] for i in held) for _, held in folds]
    grouped = "track and artist" if artists else "track (artists unknown)"
    return Split(
        train=frozenset().union(*train),
        valid=valid,
        test=test,
        names=("train_made", "valid_made", "test_made"),
        protocol=(
            f"Split made by the trainer, grouped by {grouped}, seed {seed}: three fifths "
            "train_made, one fifth valid_made, one fifth test_made. Scores are of a fit on "
            "train_made; the model is a fit with the same parameters on train_made and "
            "valid_made. test_made was used for nothing."
        ),
    )


def _names_in(path: Path) -> frozenset[str]:
    try:
        names: Iterable[str] = path.read_text(encoding="utf-8").split()
    except OSError as error:
        raise DataError(
            f"There is no {path}. Where the data folder has {SPLITS}/, the trainer looks "
            f"there for {', '.join(FILES.values())}."
        ) from error
    # Some editions write paths (blues/blues.00029.wav), some bare names.
    tracks = frozenset(".".join(name.rsplit("/", 1)[-1].split(".")[:2]) for name in names)
    if not tracks:
        raise DataError(f"{path} is empty.")
    return tracks
