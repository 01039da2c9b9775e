"""The original row-wise split as a contest: fitted on train, chosen on validation."""

from functools import cached_property

import numpy as np

from shared.domain.genres import GENRES
from training.data.gtzan import Dataset
from training.study.cache import fingerprint
from training.study.classifiers.fitted import Bench
from training.study.classifiers.models import Recipe
from training.study.classifiers.soft_voting import Blend
from training.study.protocols.comparison import chosen, macro_f1
from training.study.protocols.rows import Rows, row_split
from training.study.results import Contender


class Contest:
    """The rows in their three parts, and a bench to fit on."""

    def __init__(self, rows: Rows, bench: Bench) -> None:
        self.bench = bench
        self.fingerprint = fingerprint(rows.dataset)
        self._rows = rows
        self._split = row_split(rows)

    @cached_property
    def learned(self) -> Dataset:
        """The training rows."""
        return chosen(self._rows.dataset, self._split.train)

    @cached_property
    def judged(self) -> Dataset:
        """The validation rows, by which everything is chosen."""
        return chosen(self._rows.dataset, self._split.valid)

    @cached_property
    def _scored(self) -> Dataset:
        both = np.concatenate([self._split.valid, self._split.test])
        return chosen(self._rows.dataset, both)

    def run(self, family: str, name: str, recipe: Recipe | Blend) -> Contender:
        """Fit a contender, or recall how it did."""
        probabilities, seconds = self.bench.predict(recipe, self.learned, self._scored)
        told = np.array(GENRES)[probabilities.argmax(axis=1)]
        at = len(self._split.valid)
        return Contender(
            family=family,
            model=name,
            parameters=recipe.inputs(),
            valid_f1=macro_f1(self._scored.labels[:at], told[:at]),
            test_f1=macro_f1(self._scored.labels[at:], told[at:]),
            seconds=seconds,
        )
