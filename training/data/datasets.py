"""Selects the tracks to train on and the tracks to test on."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from training.data.artist_splits import SPLITS, Split, read_artists, read_split
from training.data.gtzan import AUDIO, TABLE, DataError
from training.data.recordings import Recording, Source, further_tracks, load_recordings

Progress = Callable[[str, float], None]
"""Called with the name of a stage and the share of it that is done."""


def load_training_tracks(
    data_dir: Path, source: Source = "table", progress: Progress | None = None
) -> list[Recording]:
    """Load the tracks with tags of the train and valid lists, and further ones.

    Further tracks are those of the test list whose tags are in ``musicnn_taggrams_more.npz``.
    Tracks of artists in the rest of the test list are left out.

    Raises:
        DataError: there are none.

    """
    split = _read_split(data_dir)
    further = further_tracks(data_dir) & split.test
    split = replace(split, valid=split.valid | further, test=split.test - further)
    split = split.without_test_artists(read_artists(data_dir))
    report = partial(progress or ignore, "reading tracks")
    return only_tagged(
        load_recordings(data_dir, split.train | split.valid, source, report), data_dir
    )


def only_tagged(found: Sequence[Recording], data_dir: Path) -> list[Recording]:
    """Keep the tracks that have tags.

    Raises:
        DataError: none has tags. ``data_dir`` is named in the message.

    """
    tagged = [own for own in found if own.tagged]
    if not tagged:
        raise DataError(
            f"None of the tracks in {data_dir} has tags: there are no taggrams beside the tables. "
            "Where there is audio, train from audio."
        )
    return tagged


def read_disjoint_split(data_dir: Path) -> Split:
    """Read the fault-filtered split, without training tracks of artists in the test list.

    Raises:
        DataError: the data folder has no such split.

    """
    return _read_split(data_dir).without_test_artists(read_artists(data_dir))


def _read_split(data_dir: Path) -> Split:
    split = read_split(data_dir)
    if split is None:
        raise DataError(
            f"There is no {SPLITS}/ in {data_dir}: the fault-filtered split of Kereliuk, Sturm "
            "and Larsen (2015), as lists of track names."
        )
    return split


def load_test_tracks(
    data_dir: Path, split: Split, progress: Callable[[float], None] | None = None
) -> list[Recording]:
    """Load the tracks of the test list that are available, from audio rather than tables.

    Raises:
        DataError: none is available.

    """
    found: dict[str, Recording] = {}
    sources: tuple[tuple[str, Source], ...] = ((TABLE, "table"), (AUDIO, "audio"))
    for file, source in sources:
        if (data_dir / file).exists():
            with suppress(DataError):  # the source may have other tracks only
                loaded = load_recordings(data_dir, split.test, source, progress)
                found |= {own.track: own for own in loaded}
    if not found:
        raise DataError(f"Nothing of the test list is in {data_dir}: no tables, no audio.")
    return [found[track] for track in sorted(found)]


def ignore(_stage: str, _share: float) -> None:
    """Take progress and do nothing with it."""
