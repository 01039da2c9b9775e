"""What the original project reported, and what its recipes give on 9846 of the 9990 rows."""

from typing import Final

TABLE: Final = {
    "LogisticRegression": (0.696, 0.695),
    "RandomForestClassifier": (0.853, 0.851),
    "KNeighborsClassifier": (0.880, 0.877),
    "CatBoostClassifier": (0.903, 0.900),
    "SVC": (0.753, 0.749),
    "XGBClassifier": (0.886, 0.886),
}
"""Macro F1 on test: as it was printed for all rows, and measured on those at hand."""

TUNED: Final = 0.923
"""Macro F1 on test of the tuned CatBoost, as it was reported."""

TUNED_AT_HAND: Final = (0.915, 0.920)
"""Macro F1 on validation and test of the same parameters, on the rows at hand."""

PICTURES: Final = 0.19
"""Macro F1 of the picture network, as it was reported for 600 training pictures."""
