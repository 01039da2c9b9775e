"""Which tracks may be learned from, and which are held back to be judged by."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from training.data.artist_splits import SPLITS, Split, read_artists, read_split
from training.data.gtzan import AUDIO, TABLE, DataError
from training.data.recordings import Recording, Source, load_recordings

Progress = Callable[[str, float], None]
"""Called with what is being done, and the share of it that is."""


def learnable(
    data_dir: Path, source: Source = "table", progress: Progress | None = None
) -> list[Recording]:
    """Workload the tracks that may be learned from and that have tags.

    Raises:
        DataError: there are none.

    """
    split = split_of(data_dir)
    report = partial(progress or ignore, "reading tracks")
    return tagged_of(load_recordings(data_dir, split.train | split.valid, source, report), data_dir)


def tagged_of(found: Sequence[Recording], data_dir: Path) -> list[Recording]:
    """Keep the tracks that have tags.

    Raises:
        DataError: there are none; ``data_dir`` is where they would be.

    """
    tagged = [own for own in found if own.tagged]
    if not tagged:
        raise DataError(
            f"None of the tracks in {data_dir} has tags: there are no taggrams beside the tables. "
            "With audio at hand, train from that."
        )
    return tagged


def split_of(data_dir: Path) -> Split:
    """Read the fault-filtered split; tracks that share an artist with the test list are out.

    Raises:
        DataError: the data folder has no such split.

    """
    split = read_split(data_dir)
    if split is None:
        raise DataError(
            f"There is no {SPLITS}/ in {data_dir}: the fault-filtered split of Kereliuk, Sturm "
            "and Larsen (2015), as lists of track names."
        )
    return split.clear_of(read_artists(data_dir))


def held_back(
    data_dir: Path, split: Split, progress: Callable[[float], None] | None = None
) -> list[Recording]:
    """Workload what there is of the test list, each track from the best source there is.

    Raises:
        DataError: nothing of it is there.

    """
    found: dict[str, Recording] = {}
    sources: tuple[tuple[str, Source], ...] = ((TABLE, "table"), (AUDIO, "audio"))
    for file, source in sources:
        if (data_dir / file).exists():
            with suppress(DataError):  # there may be tracks, but none of these
                loaded = load_recordings(data_dir, split.test, source, progress)
                found |= {own.track: own for own in loaded}
    if not found:
        raise DataError(f"Nothing of the test list is in {data_dir}: no tables, no audio.")
    return [found[track] for track in sorted(found)]


def ignore(_stage: str, _share: float) -> None:
    """Stand in where nobody watches."""
