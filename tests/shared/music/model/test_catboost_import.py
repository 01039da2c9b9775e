"""CatBoost without pandas, in processes of their own."""

import subprocess
import sys

import pytest

IMPORT = "from shared.music.model.catboost_import import import_catboost_without_pandas as load; "


def _run(code: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_catboost_predicts_without_pandas() -> None:
    """The model that ships gives the same probabilities either way."""
    predict = (
        "import numpy as np; from shared.music.model.classifier import GenreModel; "
        "from shared.music.model.aggregation import AGGREGATE_NAMES; "
        "rows = np.random.default_rng(1).normal(size=(3, len(AGGREGATE_NAMES))); "
        "print(GenreModel.load().predict_rows(rows).tolist(), 'pandas' in sys.modules)"
    )
    without = _run(f"import sys; {IMPORT}load(); {predict}")
    plain = _run(f"import sys; {predict}")
    assert without.endswith("False")
    assert without.rpartition(" ")[0] == plain.rpartition(" ")[0]


def test_pandas_can_be_imported_afterwards() -> None:
    """The stand-in is there only while CatBoost is imported."""
    pytest.importorskip("pandas")
    assert _run(f"{IMPORT}load(); import pandas; print(pandas.DataFrame([1]).size)") == "1"


def test_what_is_imported_already_stays() -> None:
    """Data frames go on to work where somebody uses them."""
    pytest.importorskip("pandas")
    code = "import pandas, catboost; catboost.Pool(pandas.DataFrame([[1.0]])); print('taken')"
    assert _run(f"import pandas; {IMPORT}load(); {code}") == "taken"


CLASSIFY = """
import contextlib, sys
from services.cli.commands.classify import command
with contextlib.suppress(SystemExit):
    command(["none.mp3"])
"""


@pytest.mark.parametrize("code", ["import sys, services.worker.celery_app", CLASSIFY])
def test_programs_of_ours_start_without_pandas(code: str) -> None:
    """The worker's application, and ``genrebot classify``."""
    loaded = "print('catboost' in sys.modules, 'pandas' in sys.modules)"
    assert _run(f"{code}\n{loaded}") == "True False"
