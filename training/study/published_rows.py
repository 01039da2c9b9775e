"""The published table in its original order, and the row-wise split of the original project."""

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
    """The rows of the table that are available, with their positions in the published one.

    Attributes:
        dataset: the available chunks, in the file's order.
        positions: position of each chunk in the published table, shape (chunks,).
        published: number of rows of the published table.

    """

    dataset: Dataset
    positions: Indices
    published: int

    @property
    def missing(self) -> int:
        """Number of published rows that are not available."""
        return self.published - len(self.positions)


@dataclass(frozen=True, eq=False)
class RowSplit:
    """Indices of the available rows, in the order in which the original split draws them."""

    train: Indices
    valid: Indices
    test: Indices


def load_rows(data_dir: Path) -> Rows:
    """Read the 3-second table and find each row's position in the published one.

    The published rows are in the order of genre, track and chunk. Where rows are missing,
    ``features_3_sec.missing.txt`` names them, and the others keep their positions.

    Raises:
        DataError: there is no such table, or the list of missing rows contradicts it.

    """
    dataset = load_table(data_dir)
    names = pd.read_csv(data_dir / TABLE, usecols=["filename"])["filename"].astype(str).tolist()
    listed = data_dir / MISSING
    absent = listed.read_text(encoding="utf-8").split() if listed.is_file() else []
    # A complete table may lie beside the list of an incomplete edition.
    absent = [name for name in absent if name not in set(names)] if absent else []
    if not absent:
        return Rows(dataset, np.arange(len(names)), len(names))
    if names != sorted(names, key=_in_order):
        raise DataError(f"{MISSING} names missing rows, but {TABLE} is not in the published order.")
    position = {name: i for i, name in enumerate(sorted([*names, *absent], key=_in_order))}
    return Rows(dataset, np.array([position[name] for name in names], np.intp), len(position))


def row_split(rows: Rows, seed: int = SEED) -> RowSplit:
    """Split 6:2:2 by two calls of ``train_test_split`` over all published rows.

    Rows are drawn one by one, regardless of their track, as the original project did. The
    study shows how far scores on such a split are too high.
    """
    published = np.arange(rows.published)
    rest, test = train_test_split(published, test_size=0.2, random_state=seed)
    train, valid = train_test_split(rest, test_size=0.25, random_state=seed)
    available = np.full(rows.published, -1, np.intp)
    available[rows.positions] = np.arange(len(rows.positions))
    train, valid, test = (available[part][available[part] >= 0] for part in (train, valid, test))
    return RowSplit(train, valid, test)


def _in_order(name: str) -> tuple[str, int, int]:
    genre, track, chunk, _ = name.split(".")
    return genre, int(track), int(chunk)
