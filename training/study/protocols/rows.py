"""The published table in its original order, with the row-wise split of the original project."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from training.data.gtzan import TABLE, DataError, Dataset, load_table

PUBLISHED_ROWS: Final = 9990
MISSING: Final = "features_3_sec.missing.txt"
SEED: Final = 42

Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Rows:
    """The table at hand and where its rows stand in the published one.

    Attributes:
        dataset: the chunks at hand, in the file's order.
        places: place of each chunk in the published table, shape (chunks,).
        published: number of rows of the published table.

    """

    dataset: Dataset
    places: Indices
    published: int

    @property
    def missing(self) -> int:
        """Number of published rows that are not at hand."""
        return self.published - len(self.places)


@dataclass(frozen=True, eq=False)
class RowSplit:
    """Indices of the rows at hand, in the order in which the original split draws them."""

    train: Indices
    valid: Indices
    test: Indices


def load_rows(data_dir: Path) -> Rows:
    """Read the 3-second table and find each row's place in the published one.

    Where rows are missing and ``features_3_sec.missing.txt`` names them, they are given
    their places back: the published rows are in the order of genre, track and chunk.

    Raises:
        DataError: there is no such table, or the list of missing rows contradicts it.

    """
    dataset = load_table(data_dir)
    names = pd.read_csv(data_dir / TABLE, usecols=["filename"])["filename"].astype(str).tolist()
    listed = data_dir / MISSING
    absent = listed.read_text(encoding="utf-8").split() if listed.is_file() else []
    # A complete table needs no list: the one of an incomplete edition may lie beside it.
    absent = [name for name in absent if name not in set(names)] if absent else []
    if not absent:
        return Rows(dataset, np.arange(len(names)), len(names))
    if names != sorted(names, key=_in_order):
        raise DataError(
            f"{MISSING} names rows to be put back, but {TABLE} is not in the published order."
        )
    place = {name: i for i, name in enumerate(sorted([*names, *absent], key=_in_order))}
    return Rows(dataset, np.array([place[name] for name in names], np.intp), len(place))


def row_split(rows: Rows, seed: int = SEED) -> RowSplit:
    """Split 6:2:2 by two calls of ``train_test_split`` over all published rows.

    Rows are drawn one by one, whatever track they are from: this is how the original
    project did it, and what the study shows to be too easy.
    """
    everything = np.arange(rows.published)
    rest, test = train_test_split(everything, test_size=0.2, random_state=seed)
    train, valid = train_test_split(rest, test_size=0.25, random_state=seed)
    at_hand = np.full(rows.published, -1, np.intp)
    at_hand[rows.places] = np.arange(len(rows.places))
    train, valid, test = (at_hand[part][at_hand[part] >= 0] for part in (train, valid, test))
    return RowSplit(train, valid, test)


def _in_order(name: str) -> tuple[str, int, int]:
    genre, track, chunk, _ = name.split(".")
    return genre, int(track), int(chunk)
