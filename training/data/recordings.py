"""Tracks as the model learns from them: features and tags of the same half minute."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.music.constants import CHUNK_SECONDS, N_TAGS, TAGGER_HOP, TAGGER_SAMPLE_RATE
from shared.music.model.aggregation import N_TAG_COLUMNS, aggregate, aggregate_features
from shared.music.model.audibility import loud
from shared.music.tagging.tagger import Tagger
from training.data.gtzan import AUDIO, TABLE, DataError, load_table, read_audio, recordings

TAGGRAMS: Final = "musicnn_taggrams_{part}.npz"
FURTHER: Final = "more"
"""Part with the tags of further training tracks, out of the test list."""
PATCH_HOP_S: Final = 61 * TAGGER_HOP / TAGGER_SAMPLE_RATE
"""Seconds between two patches of a published taggram (0.976)."""

Source = Literal["table", "audio"]


@dataclass(frozen=True, eq=False)
class Recording:
    """One track of the data set.

    Attributes:
        track: its name (``blues.00000``).
        genre: its genre.
        features: float64 of shape (n, 57), a row for each chunk that there is.
        places: place of each of these chunks in the track, shape (n,), counted from 0.
        tags: float32 of shape (m, 50); m is 0 where the track was not tagged.
        moments: start of what each row of tags was heard from, shape (m,), in seconds.
        source: published tables, at the recording's own level; or audio through our chain.

    """

    track: str
    genre: str
    features: NDArray[np.float64]
    places: NDArray[np.int_]
    tags: NDArray[np.float32]
    moments: NDArray[np.floating]
    source: Source

    @property
    def tagged(self) -> bool:
        """Whether there are tags at all."""
        return len(self.tags) > 0

    def chunk_tags(self) -> NDArray[np.float32]:
        """Return the tags heard nearest to each chunk, shape (n, 50)."""
        starts = self.places * float(CHUNK_SECONDS)
        nearest = np.abs(self.moments[None, :] - starts[:, None]).argmin(axis=1)
        tags: NDArray[np.float32] = self.tags[nearest]
        return tags

    def row(self) -> NDArray[np.float64]:
        """Describe the track as the bot would: with one row of tags for each chunk."""
        if not self.tagged:
            untold = np.full(N_TAG_COLUMNS, np.nan)
            return np.concatenate((untold, aggregate_features(self.features)))
        return aggregate(self.features, self.chunk_tags())

    def rows(self) -> list[NDArray[np.float64]]:
        """Describe the track in all ways that there are to learn from.

        Published taggrams have three times as many moments as chunks, which gives steadier
        statistics; what the bot will see is the row of one moment for each chunk.
        """
        if len(self.tags) <= len(self.features):
            return [self.row()]
        return [aggregate(self.features, self.tags), self.row()]


def load_recordings(
    data_dir: Path,
    tracks: Collection[str],
    source: Source = "table",
    progress: Callable[[float], None] | None = None,
) -> list[Recording]:
    """Workload some tracks, in the order of their names; those that are not there are left out.

    Args:
        data_dir: GTZAN in the layout of its public distribution, with the published
            taggrams beside the tables.
        tracks: names of the tracks that are wanted.
        source: the published tables, or the audio through our own chain.
        progress: called with the share that is done.

    Raises:
        DataError: the folder does not hold what is needed.

    """
    found = _from_audio if source == "audio" else _from_tables
    loaded = sorted(found(data_dir, frozenset(tracks), progress or _ignore), key=_name)
    if not loaded:
        raise DataError(f"None of the {len(tracks)} tracks that are wanted is in {data_dir}.")
    return loaded


def _from_tables(
    data_dir: Path, tracks: frozenset[str], progress: Callable[[float], None]
) -> Iterator[Recording]:
    table = load_table(data_dir)
    places = _places(data_dir / TABLE)
    taggrams = _taggrams(data_dir)
    genres = table.genres()
    wanted = [track for track in genres if track in tracks]
    for done, track in enumerate(wanted, start=1):
        mine = np.flatnonzero(table.tracks == track)
        mine = mine[np.argsort(places[mine])]
        mine = mine[loud(table.features[mine])]  # the model is not asked about silence either
        if not len(mine):
            continue
        tags = taggrams.get(track, np.empty((0, N_TAGS), np.float32))
        moments = np.arange(len(tags)) * PATCH_HOP_S
        yield Recording(
            track, genres[track], table.features[mine], places[mine], tags, moments, "table"
        )
        progress(done / len(wanted))


def _from_audio(
    data_dir: Path, tracks: frozenset[str], progress: Callable[[float], None]
) -> Iterator[Recording]:
    tagger = Tagger.load()
    files = recordings(data_dir / AUDIO, tracks)
    for done, path in enumerate(files, start=1):
        if (heard := read_audio(path, data_dir, tagger)) is not None:
            features, tags = heard
            known = np.flatnonzero(np.isfinite(tags).all(axis=1))
            moments = known * float(CHUNK_SECONDS)
            yield Recording(
                path.stem, path.parent.name, features[known], known, tags[known], moments, "audio"
            )
        progress(done / len(files))


def _places(path: Path) -> NDArray[np.int_]:
    """Read the place of each row's chunk in its track off its name (blues.00000.3.wav)."""
    names = pd.read_csv(path, usecols=["filename"])["filename"]
    try:
        return np.array([int(str(name).rsplit(".", 2)[1]) for name in names])
    except (ValueError, IndexError) as error:
        raise DataError(f"{path} has rows that are not named like blues.00000.3.wav.") from error


def _taggrams(data_dir: Path) -> dict[str, NDArray[np.float32]]:
    """Read whatever published taggrams there are, by track."""
    return _read_taggrams(data_dir, ("train", "valid", "test", FURTHER))


def further_tracks(data_dir: Path) -> frozenset[str]:
    """Return the tracks of ``musicnn_taggrams_more.npz``; none where there is no such file.

    Raises:
        DataError: the file is corrupt.

    """
    return frozenset(_read_taggrams(data_dir, (FURTHER,)))


def _read_taggrams(data_dir: Path, parts: Iterable[str]) -> dict[str, NDArray[np.float32]]:
    found: dict[str, NDArray[np.float32]] = {}
    for part in parts:
        path = data_dir / TAGGRAMS.format(part=part)
        if not path.is_file():
            continue
        try:
            # Opened here: NumPy leaves a file open that turns out to be half of one.
            with path.open("rb") as file, np.load(file, allow_pickle=False) as packed:
                tags = packed["X"].astype(np.float32)
                names = [str(name).rsplit("/", 1)[-1] for name in packed["track"]]
        except (ValueError, KeyError, OSError, EOFError, BadZipFile) as error:
            raise DataError(f"{path} is not a taggram with the arrays X and track.") from error
        if tags.shape != (len(names), N_TAGS) or not np.isfinite(tags).all():
            raise DataError(f"{path} holds {tags.shape}, not {N_TAGS} tags for each patch.")
        owners = np.array([".".join(name.split(".")[:2]) for name in names])
        found |= {track: tags[owners == track] for track in dict.fromkeys(owners.tolist())}
    return found


def _name(recording: Recording) -> str:
    return recording.track


def _ignore(_share: float) -> None:
    """Stand in where nobody watches."""
