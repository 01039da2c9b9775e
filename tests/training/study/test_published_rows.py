"""The original split, also where rows of the table are missing."""

from pathlib import Path

import numpy as np
import pytest

from shared.domain.genres import GENRES
from shared.music.features.table import FEATURE_NAMES
from tests.training.conftest import name_of, write_table
from training.data.gtzan import DataError
from training.study.published_rows import MISSING, load_rows, row_split

NAMES = [f"{name_of(genre, n)}.{k}.wav" for genre in GENRES for n in range(3) for k in range(10)]
ABSENT = [name for i, name in enumerate(NAMES) if i % 23 == 5]


def _table(folder: Path, names: list[str]) -> None:
    # The first feature tells which row of the complete table a row is.
    rows = (
        (name, name.split(".")[0], np.full(len(FEATURE_NAMES), float(NAMES.index(name))))
        for name in names
    )
    write_table(folder / "features_3_sec.csv", rows)


def _drawn(folder: Path) -> list[list[int]]:
    rows = load_rows(folder)
    split = row_split(rows)
    return [
        rows.dataset.features[part, 0].astype(int).tolist()
        for part in (split.train, split.valid, split.test)
    ]


def test_missing_rows_leave_the_split_as_it_was(tmp_path: Path) -> None:
    """Rows that are missing are missing from their part; all others stay where they were."""
    _table(tmp_path, NAMES)
    whole = _drawn(tmp_path)
    _table(tmp_path, [name for name in NAMES if name not in ABSENT])
    (tmp_path / MISSING).write_text("\n".join(ABSENT) + "\n")
    gone = {NAMES.index(name) for name in ABSENT}
    assert _drawn(tmp_path) == [[row for row in part if row not in gone] for part in whole]
    assert load_rows(tmp_path).missing == len(ABSENT)


def test_the_split_is_three_fifths_one_fifth_one_fifth(tmp_path: Path) -> None:
    """Of a complete table all rows are drawn, each once."""
    _table(tmp_path, NAMES)
    parts = _drawn(tmp_path)
    assert [len(part) for part in parts] == [180, 60, 60]
    assert sorted(row for part in parts for row in part) == list(range(300))


def test_a_complete_table_has_no_use_for_the_list(tmp_path: Path) -> None:
    """A list that lies beside a complete table changes nothing."""
    _table(tmp_path, NAMES)
    before = _drawn(tmp_path)
    (tmp_path / MISSING).write_text("\n".join(ABSENT) + "\n")
    assert _drawn(tmp_path) == before
    assert load_rows(tmp_path).missing == 0


def test_rows_in_another_order_cannot_be_put_back(tmp_path: Path) -> None:
    """Where the positions of missing rows cannot be known, that is said."""
    _table(tmp_path, [name for name in reversed(NAMES) if name not in ABSENT])
    (tmp_path / MISSING).write_text("\n".join(ABSENT) + "\n")
    with pytest.raises(DataError, match="not in the published order"):
        load_rows(tmp_path)
