"""Where classifiers are fitted and asked, each only once for the same rows."""

import time
from dataclasses import dataclass

import numpy as np

from training.data.gtzan import Dataset
from training.study.cache import Cache, fingerprint
from training.study.classifiers.models import Probabilities, Recipe
from training.study.classifiers.soft_voting import Blend


@dataclass(frozen=True)
class Bench:
    """A memory for predictions.

    Attributes:
        cache: where they are kept.
        threads: threads to fit with; sums in another order may round to another tree,
            so this is part of what a result depends on.

    """

    cache: Cache
    threads: int

    def predict(
        self, recipe: Recipe | Blend, learned: Dataset, judged: Dataset
    ) -> tuple[Probabilities, float]:
        """Fit on some chunks and predict others, or recall what was predicted.

        Returns:
            Probabilities of shape (judged chunks, 10), columns as ``GENRES``, and the
            seconds that the fit took when it was made.

        """
        if isinstance(recipe, Blend):
            parts = [self.predict(member, learned, judged) for member, _ in recipe.members]
            weights = [weight for _, weight in recipe.members]
            blended = np.average([found for found, _ in parts], axis=0, weights=weights)
            return blended, sum(seconds for _, seconds in parts)

        def measure() -> dict[str, Probabilities]:
            started = time.perf_counter()
            fitted = recipe.fit(learned, self.threads)
            seconds = time.perf_counter() - started
            return {
                "probabilities": fitted.probabilities(judged.features),
                "seconds": np.array(seconds),
            }

        inputs = {
            **recipe.inputs(),
            "learned": fingerprint(learned),
            "judged": fingerprint(judged),
            "threads": self.threads,
        }
        found = self.cache.arrays(recipe.kind, inputs, measure)
        return found["probabilities"], float(found["seconds"])
