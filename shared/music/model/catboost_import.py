"""Imports CatBoost without pandas, for processes that use no data frames.

CatBoost imports pandas where it is installed, only to recognise data frames among its arguments.
That takes longer than all other imports of a verdict together, and 40 MB. While CatBoost is
imported, a module with two classes of which nothing is an instance stands in for pandas. (Where
pandas is missing CatBoost 1.2.10 can be imported, but fails at the first prediction.)

Only programs of ours call this (the command line and the worker). A library must not: whoever
imports it may want to give data frames to CatBoost.
"""

import sys
from types import ModuleType


def import_catboost_without_pandas() -> None:
    """Import CatBoost without pandas, which can be imported afterwards.

    Nothing happens where CatBoost or pandas has been imported already.

    Raises:
        ModuleNotFoundError: CatBoost is not installed.

    """
    if "catboost" in sys.modules or "pandas" in sys.modules:
        return
    stand_in = ModuleType("pandas")
    for name in ("DataFrame", "Series"):
        setattr(stand_in, name, type(name, (), {}))
    sys.modules["pandas"] = stand_in
    try:
        import catboost  # noqa: F401, PLC0415
    finally:
        del sys.modules["pandas"]
