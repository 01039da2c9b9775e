"""Imports CatBoost without pandas, for processes that use no data frames.

CatBoost imports pandas where it is installed, only to recognise data frames among its arguments.
That takes longer than all other imports of a verdict together, and 40 MB. Where pandas is missing,
CatBoost works without it; here it is made to look missing while CatBoost is imported.

Only programs of ours call this (the command line and the worker). A library must not: whoever
imports it may want to give data frames to CatBoost.
"""

import sys


def import_catboost_without_pandas() -> None:
    """Import CatBoost as if pandas were not installed; pandas can be imported afterwards.

    Nothing happens where CatBoost or pandas has been imported already.

    Raises:
        ModuleNotFoundError: CatBoost is not installed.

    """
    if "catboost" in sys.modules or "pandas" in sys.modules:
        return
    # Python's own way to say that a module cannot be imported.
    sys.modules["pandas"] = None  # type: ignore[assignment]
    try:
        import catboost  # noqa: F401, PLC0415
    finally:
        del sys.modules["pandas"]
