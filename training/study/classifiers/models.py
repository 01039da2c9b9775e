"""One interface for all classifiers: fit on chunks and genres, predict probabilities."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from catboost import CatBoostClassifier
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import SVC
from xgboost import XGBClassifier

from shared.domain.genres import GENRES
from training.data.gtzan import Dataset
from training.study.classifiers.columns import Columns, RecordingAxes
from training.study.published_rows import SEED

Features = NDArray[np.float64]
Probabilities = NDArray[np.float64]
Build = Callable[[Mapping[str, Any], int], Any]


@dataclass(frozen=True)
class Recipe:
    """A classifier's kind, its input columns, and parameters that differ from the defaults."""

    kind: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    columns: Columns = "published"

    def inputs(self) -> dict[str, Any]:
        """Return everything that a result depends on, for the cache."""
        return {"kind": self.kind, "columns": self.columns, "parameters": dict(self.parameters)}

    def fit(self, train: Dataset, threads: int = 1) -> "Fitted":
        """Fit on some chunks, with random_state 42."""
        return Fitted(self, train, threads)


class Inputs:
    """Scales features and adds discriminant axes, fitted on the training chunks."""

    def __init__(self, columns: Columns, train: Dataset) -> None:
        published = columns == "published"
        self._axes = None if published else RecordingAxes().fit(train.features, train.tracks)
        self._axes_only = columns == "axes"
        # The axes share one scale; their spreads say how much each of them counts.
        self._scaler = (
            None if self._axes_only else MinMaxScaler().fit(self._columns(train.features))
        )

    def __call__(self, features: Features) -> Features:
        """Return shape (chunks, columns), published columns first."""
        columns = self._columns(features)
        if self._scaler is None:
            return columns
        scaled: Features = self._scaler.transform(columns)
        return scaled

    def _columns(self, features: Features) -> Features:
        if self._axes is None:
            return features
        axes = self._axes.transform(features)
        return axes if self._axes_only else np.hstack([features, axes])


class Fitted:
    """A fitted classifier with the preparation of its inputs."""

    def __init__(self, recipe: Recipe, train: Dataset, threads: int) -> None:
        self._inputs = Inputs(recipe.columns, train)
        self.classifier = _BUILD[recipe.kind](recipe.parameters, threads)
        with warnings.catch_warnings():
            # The published comparison stops LogisticRegression after its default 100 steps.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.classifier.fit(self._inputs(train.features), codes(train.labels))

    def predict(self, features: Features) -> NDArray[np.str_]:
        """Return the genre of each chunk, as the classifier's own ``predict`` gives it."""
        predicted = np.asarray(self.classifier.predict(self._inputs(features)))
        genres: NDArray[np.str_] = np.array(GENRES)[predicted.ravel().astype(np.intp)]
        return genres

    def probabilities(self, features: Features) -> Probabilities:
        """Return shape (chunks, 10), columns as ``GENRES``, rows that sum to 1.

        For an SVC they are the softmax of its decision values (one-vs-one votes, ties broken
        by distance), whose largest is nearly always the class it predicts.
        """
        inputs = self._inputs(features)
        if isinstance(self.classifier, SVC):
            values = self.classifier.decision_function(inputs)
            shares = np.exp(values - values.max(axis=1, keepdims=True))
        else:
            shares = self.classifier.predict_proba(inputs)
        found = np.zeros((len(features), len(GENRES)))
        found[:, np.asarray(self.classifier.classes_, int)] = shares
        # CatBoost's one-vs-all probabilities do not sum to 1 by themselves.
        normal: Probabilities = found / found.sum(axis=1, keepdims=True)
        return normal


def codes(labels: NDArray[np.str_]) -> NDArray[np.int64]:
    """Return each label's index in ``GENRES``, int64 of shape (n,)."""
    return np.array([GENRES.index(genre) for genre in labels.tolist()], np.int64)


def _catboost(parameters: Mapping[str, Any], threads: int) -> Any:
    fixed = {"thread_count": threads, "allow_writing_files": False, "logging_level": "Silent"}
    return CatBoostClassifier(**{"random_state": SEED, **parameters, **fixed})


_BUILD: Final[Mapping[str, Build]] = {
    "LogisticRegression": lambda p, _: LogisticRegression(random_state=SEED, **p),
    "RandomForestClassifier": lambda p, n: RandomForestClassifier(random_state=SEED, n_jobs=n, **p),
    "KNeighborsClassifier": lambda p, n: KNeighborsClassifier(n_jobs=n, **p),
    "CatBoostClassifier": _catboost,
    "SVC": lambda p, _: SVC(random_state=SEED, **p),
    "XGBClassifier": lambda p, n: XGBClassifier(random_state=SEED, n_jobs=n, **p),
}

DEFAULT_CLASSIFIERS: Final = tuple(Recipe(kind) for kind in _BUILD)
"""The original comparison: six classifiers with default settings."""
