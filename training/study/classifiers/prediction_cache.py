"""Fits classifiers and predicts, each only once for the same rows."""

import time
from dataclasses import dataclass

import numpy as np

from training.data.gtzan import Dataset
from training.study.cache import Cache, fingerprint
from training.study.classifiers.models import Probabilities, Recipe
from training.study.classifiers.soft_voting import SoftVote


@dataclass(frozen=True)
class PredictionCache:
    """Fits, predicts, and keeps the predictions.

    Attributes:
        cache: where predictions are kept.
        threads: threads to fit with. Part of the key: sums in another order round
            differently and may give another tree.

    """

    cache: Cache
    threads: int

    def predict(
        self, recipe: Recipe | SoftVote, train: Dataset, test: Dataset
    ) -> tuple[Probabilities, float]:
        """Fit on some chunks and predict others, or read the predictions from the cache.

        Returns:
            Probabilities of shape (test chunks, 10), columns as ``GENRES``, and the
            seconds that the fit took.

        """
        if isinstance(recipe, SoftVote):
            parts = [self.predict(member, train, test) for member, _ in recipe.members]
            weights = [weight for _, weight in recipe.members]
            averaged = np.average([found for found, _ in parts], axis=0, weights=weights)
            return averaged, sum(seconds for _, seconds in parts)

        def measure() -> dict[str, Probabilities]:
            started = time.perf_counter()
            fitted = recipe.fit(train, self.threads)
            seconds = time.perf_counter() - started
            return {
                "probabilities": fitted.probabilities(test.features),
                "seconds": np.array(seconds),
            }

        inputs = {
            **recipe.inputs(),
            "train": fingerprint(train),
            "test": fingerprint(test),
            "threads": self.threads,
        }
        found = self.cache.arrays(recipe.kind, inputs, measure)
        return found["probabilities"], float(found["seconds"])
