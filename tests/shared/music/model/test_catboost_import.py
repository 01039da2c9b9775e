"""CatBoost without pandas, in processes of their own."""

import subprocess
import sys

import pytest

IMPORT = (
    "from shared.music.model.catboost_import import import_catboost; "
    "load = lambda: import_catboost(without_pandas=True); "
)


def _run(code: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_catboost_predicts_without_pandas() -> None:
    """The model that ships gives the same probabilities and SHAP values either way."""
    predict = (
        "import numpy as np; "
        "from shared.music.model.aggregation import AGGREGATE_NAMES; "
        "rows = np.random.default_rng(1).normal(size=(3, len(AGGREGATE_NAMES))); "
        "from shared.music.model.classifier import GenreModel, committed; "
        "from catboost import CatBoostClassifier, Pool; "
        "model = CatBoostClassifier(); model.load_model(str(committed())); "
        "shap = model.get_feature_importance(Pool(rows), type='ShapValues', thread_count=1); "
        "print(GenreModel.load().predict_rows(rows).tolist(), shap.sum(), 'pandas' in sys.modules)"
    )
    without = _run(f"import sys; {IMPORT}load(); {predict}")
    plain = _run(f"import sys; {predict}")
    assert without.endswith("False")
    assert without.rpartition(" ")[0] == plain.rpartition(" ")[0]


def test_pandas_can_be_imported_afterwards() -> None:
    """The stand-in is there only while CatBoost is imported."""
    pytest.importorskip("pandas")
    assert _run(f"{IMPORT}load(); import pandas; print(pandas.DataFrame([1]).size)") == "1"


def test_where_pandas_is_not_installed_the_stand_in_is_used() -> None:
    """Without being asked: CatBoost alone would fail at the first prediction."""
    missing = (
        "from importlib.machinery import PathFinder\n"
        "find = PathFinder.find_spec\n"
        "def hide(name, *rest): return None if name == 'pandas' else find(name, *rest)\n"
        "PathFinder.find_spec = hide\n"
    )
    predict = (
        "import numpy as np\nfrom shared.music.model.classifier import GenreModel\n"
        "from shared.music.model.aggregation import AGGREGATE_NAMES\n"
        "print(GenreModel.load().predict_rows(np.zeros((1, len(AGGREGATE_NAMES)))).shape)"
    )
    assert _run(missing + predict) == "(1, 10)"


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
