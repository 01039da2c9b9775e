"""The row-wise split as a hold-out: fitted on train, chosen by validation, reported on test."""

from functools import cached_property

import numpy as np

from shared.domain.genres import GENRES
from training.data.gtzan import Dataset
from training.evaluation.scores import macro_f1
from training.study.cache import fingerprint
from training.study.classifiers.models import Recipe
from training.study.classifiers.prediction_cache import PredictionCache
from training.study.classifiers.soft_voting import SoftVote
from training.study.published_rows import Rows, row_split
from training.study.results import Candidate


class Holdout:
    """The rows in their three parts.

    Args:
        rows: the published table.
        predictions: fits classifiers and keeps what they predict.

    """

    def __init__(self, rows: Rows, predictions: PredictionCache) -> None:
        self.predictions = predictions
        self.fingerprint = fingerprint(rows.dataset)
        self._rows = rows
        self._split = row_split(rows)

    @cached_property
    def train(self) -> Dataset:
        """The training rows."""
        return self._rows.dataset.take(self._split.train)

    @cached_property
    def valid(self) -> Dataset:
        """The validation rows, by which everything is chosen."""
        return self._rows.dataset.take(self._split.valid)

    @cached_property
    def _scored(self) -> Dataset:
        return self._rows.dataset.take(np.concatenate([self._split.valid, self._split.test]))

    def evaluate(self, family: str, name: str, recipe: Recipe | SoftVote) -> Candidate:
        """Fit a candidate and score it, or read its scores from the cache."""
        probabilities, seconds = self.predictions.predict(recipe, self.train, self._scored)
        predicted = np.array(GENRES)[probabilities.argmax(axis=1)]
        n_valid = len(self._split.valid)
        return Candidate(
            family=family,
            model=name,
            parameters=recipe.inputs(),
            valid_f1=macro_f1(self._scored.labels[:n_valid], predicted[:n_valid]),
            test_f1=macro_f1(self._scored.labels[n_valid:], predicted[n_valid:]),
            seconds=seconds,
        )
