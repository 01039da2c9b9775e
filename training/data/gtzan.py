"""GTZAN in the layout of the public distribution: the table of features, and the audio."""

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.domain.genres import GENRES
from shared.errors import AudioError
from shared.music.chunking import chunks
from shared.music.decoding.decoder import decode
from shared.music.features.fast import analyse_chunk
from shared.music.features.table import FEATURE_NAMES
from shared.music.tagging.chunk_tags import chunk_tags
from shared.music.tagging.tagger import Tagger

TABLE: Final = "features_3_sec.csv"
AUDIO: Final = "genres_original"
SUFFIXES: Final = (".wav", ".flac", ".au", ".mp3")
MAX_TRACK_S: Final = 600.0
"""Longest recording that is read, in seconds."""

SAMPLED_TRACKS: Final = 38
"""Recordings that the music detector learns room and telephone acoustics from."""

_log = logging.getLogger(__name__)


class DataError(Exception):
    """The data folder lacks something; the message says what was looked for."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Features of chunks, with their tracks and genres.

    Attributes:
        features: float64 of shape (chunks, 57), columns as ``FEATURE_NAMES``.
        tracks: name of each chunk's track (``blues.00000``), shape (chunks,).
        labels: genre of each chunk, shape (chunks,).

    """

    features: NDArray[np.float64]
    tracks: NDArray[np.str_]
    labels: NDArray[np.str_]

    def __post_init__(self) -> None:
        if self.features.shape != (len(self.tracks), len(FEATURE_NAMES)):
            raise DataError(f"{self.features.shape} is not a table of 57 features per chunk")
        if not np.isfinite(self.features).all():
            raise DataError("The table holds features that are not finite numbers.")

    def __len__(self) -> int:
        return len(self.tracks)

    def genres(self) -> dict[str, str]:
        """Return each track's genre, in the order of the tracks' first chunks."""
        return dict(zip(self.tracks.tolist(), self.labels.tolist(), strict=True))

    def of(self, tracks: Collection[str]) -> "Dataset":
        """Return the chunks of some tracks, in the same order as here."""
        return self.take(np.flatnonzero(np.isin(self.tracks, list(tracks))))

    def take(self, indices: NDArray[np.intp]) -> "Dataset":
        """Return some chunks, in the order of the indices."""
        return Dataset(self.features[indices], self.tracks[indices], self.labels[indices])


def load_table(data_dir: Path) -> Dataset:
    """Read the published table of 3-second features, rows in the file's order.

    Raises:
        DataError: there is no such table, or not one with these columns.

    """
    path = data_dir / TABLE
    if not path.is_file():
        raise DataError(
            f"There is no table {path}. It belongs directly in the data "
            "folder, as in the public distribution of GTZAN."
        )
    try:
        table = pd.read_csv(path)
    except (ValueError, UnicodeDecodeError) as error:  # pandas' own errors are ValueErrors
        raise DataError(f"{path} is not a table of comma-separated values: {error}") from error
    if missing := [c for c in ("filename", "label", *FEATURE_NAMES) if c not in table.columns]:
        raise DataError(f"{path} lacks the columns {', '.join(missing)}.")
    labels = [str(label) for label in table["label"]]
    if unknown := sorted(set(labels) - set(GENRES)):
        raise DataError(
            f"{path} has labels that are not among the ten genres: {', '.join(unknown)}."
        )
    # blues.00000.3.wav is the fourth chunk of the track blues.00000.
    tracks = [str(name).rsplit(".", 2)[0] for name in table["filename"]]
    try:
        features = table[list(FEATURE_NAMES)].to_numpy(np.float64)
    except ValueError as error:
        raise DataError(f"{path} holds features that are not numbers: {error}") from error
    return Dataset(features, np.array(tracks, str), np.array(labels, str))


def load_audio(
    data_dir: Path,
    tracks: Collection[str] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Dataset:
    """Compute the features of every recording under ``genres_original/<genre>/``.

    A file that cannot be decoded is left out, with a warning in the log that names it.

    Args:
        data_dir: the folder that holds ``genres_original``.
        tracks: names of the tracks to read; all by default.
        progress: called with the share of files that are done.

    Raises:
        DataError: there are no recordings in this layout, or none can be decoded.

    """
    files = recordings(data_dir / AUDIO, tracks)
    features: list[NDArray[np.float64]] = []
    owners: list[str] = []
    for done, path in enumerate(files, start=1):
        try:
            rows = list(_features(path))
        except (AudioError, OSError) as error:
            _log.warning("left out %s: %s", path.relative_to(data_dir), error)
        else:
            features.extend(rows)
            owners.extend([path.stem] * len(rows))
        if progress:
            progress(done / len(files))
    if not features:
        raise DataError(f"None of the {len(files)} files in {data_dir / AUDIO} can be decoded.")
    genres = {path.stem: path.parent.name for path in files}
    labels = [genres[track] for track in owners]
    return Dataset(np.stack(features), np.array(owners, str), np.array(labels, str))


def recordings(folder: Path, tracks: Collection[str] | None) -> list[Path]:
    """Return a file for each track; of two files of one track the first by name.

    Args:
        folder: ``genres_original`` of a data folder.
        tracks: names of the tracks to find; ``None`` for all.

    Raises:
        DataError: there are none.

    """
    found = {
        path.stem: path
        for genre in GENRES
        for path in sorted((folder / genre).glob("*"), reverse=True)
        if path.suffix.lower() in SUFFIXES and path.is_file()
        if tracks is None or path.stem in tracks
    }
    if not found:
        raise DataError(
            f"There are no recordings in {folder}. They belong in "
            f"{AUDIO}/<genre>/*{{{','.join(SUFFIXES)}}} in the data folder, as in the public "
            "distribution of GTZAN."
        )
    return [found[stem] for stem in sorted(found)]


def sample_chunks(data_dir: Path, tracks: Collection[str]) -> Iterator[NDArray[np.float32]]:
    """Yield two chunks of each of up to ``SAMPLED_TRACKS`` recordings; none without audio.

    Args:
        data_dir: the folder that may hold ``genres_original``.
        tracks: names of the tracks to take them from.

    """
    try:
        files = recordings(data_dir / AUDIO, tracks)
    except DataError:
        return
    for path in files[:: -(-len(files) // SAMPLED_TRACKS)]:
        with suppress(AudioError):
            heard = [samples for samples, _, _ in chunks(decode(path, max_duration_s=MAX_TRACK_S))]
            yield from heard[2:9:5]


def read_audio(
    path: Path, data_dir: Path, tagger: Tagger
) -> tuple[NDArray[np.float64], NDArray[np.float32]] | None:
    """Compute a recording's features and tags, by the same pipeline as an upload.

    Returns:
        Features of shape (n, 57) and tags of shape (n, 50), rows of NaN where a chunk is
        silent; None where the file cannot be decoded, with a warning in the log.

    """
    try:
        heard = [
            (analyse_chunk(samples).features, chunk_tags(tagger, samples))
            for samples, _, _ in chunks(decode(path, max_duration_s=MAX_TRACK_S))
        ]
    except (AudioError, OSError) as error:
        _log.warning("left out %s: %s", path.relative_to(data_dir), error)
        return None
    features, tags = zip(*heard, strict=True)
    return np.stack(features), np.stack(tags)


def _features(path: Path) -> Iterator[NDArray[np.float64]]:
    for samples, _, _ in chunks(decode(path, max_duration_s=MAX_TRACK_S)):
        yield analyse_chunk(samples).features
