"""Imports CatBoost, with or without pandas.

CatBoost imports pandas only to recognise data frames among its arguments, and in version 1.2 it
predicts nothing where pandas is missing. Importing pandas takes longer than all other imports of a
verdict together. A stand-in of two empty classes is enough for callers that give arrays; it takes
the place of pandas while CatBoost is imported.
"""

import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final

_CLASSES: Final = ("DataFrame", "Series")
"""What CatBoost 1.2 asks arguments to be instances of."""


def import_catboost(*, without_pandas: bool = False) -> Any:
    """Import CatBoost.

    Args:
        without_pandas: use the stand-in although pandas is installed. Only programs of ours may
            ask for it (the command line and the worker), and have to before CatBoost is imported
            otherwise: whoever uses this package as a library may want to give CatBoost data
            frames. pandas can still be imported afterwards.

    Returns:
        The module.

    Raises:
        ModuleNotFoundError: CatBoost is not installed.

    """
    if "pandas" in sys.modules or (find_spec("pandas") and not without_pandas):
        import catboost  # noqa: PLC0415
    else:
        stand_in = ModuleType("pandas", "Stands in for pandas while CatBoost is imported.")
        for name in _CLASSES:
            setattr(stand_in, name, type(name, (), {}))
        sys.modules["pandas"] = stand_in
        try:
            import catboost  # noqa: PLC0415
        finally:
            del sys.modules["pandas"]
    return catboost
