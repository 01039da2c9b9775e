"""The original split and its easiest figures, on the published table."""

import os
from pathlib import Path

import pytest

from training.study.cache import Cache
from training.study.classifiers.models import Recipe
from training.study.protocols.default_classifiers import holdout_score
from training.study.published_rows import PUBLISHED_ROWS, load_rows, row_split
from training.study.report import reference_scores

DATA = os.environ.get("GENREBOT_DATA")
pytestmark = pytest.mark.skipif(DATA is None, reason="GENREBOT_DATA names no data folder")


def test_missing_rows_are_all_test_rows() -> None:
    """Of 9990 published rows, train and validation are complete whatever is missing."""
    rows = load_rows(Path(str(DATA)))
    split = row_split(rows)
    assert rows.published == PUBLISHED_ROWS
    assert (len(split.train), len(split.valid)) == (5994, 1998)
    assert len(split.test) == 1998 - rows.missing
    assert rows.missing in {0, 144}


@pytest.mark.parametrize("kind", ["LogisticRegression", "KNeighborsClassifier", "SVC"])
def test_the_published_figure_comes_out(kind: str, tmp_path: Path) -> None:
    """The original's scores are reproduced within a hundredth."""
    rows = load_rows(Path(str(DATA)))
    found = holdout_score(rows, row_split(rows), Recipe(kind), Cache(tmp_path), threads=1)
    printed, available = reference_scores.TABLE[kind]
    assert found.test_f1 == pytest.approx(available if rows.missing else printed, abs=0.01)
