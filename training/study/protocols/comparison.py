"""The original comparison: six classifiers as they come, rows split at random."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from shared.domain.genres import GENRES
from training.data.gtzan import Dataset
from training.study.cache import Cache, fingerprint
from training.study.classifiers.models import SIX, Recipe
from training.study.protocols.rows import Indices, Rows, RowSplit, row_split
from training.study.results import Standing, Table

Progress = Callable[[str, float], None]


def table(rows: Rows, cache: Cache, *, threads: int, progress: Progress) -> Table:
    """Fit the six on the training rows and score them on validation and test."""
    split = row_split(rows)
    standings = []
    for done, recipe in enumerate(SIX):
        progress(f"table: {recipe.kind}", done / len(SIX))
        standings.append(standing(rows, split, recipe, cache, threads=threads))
        progress(f"table: {recipe.kind}", (done + 1) / len(SIX))
    return Table(
        train=len(split.train),
        valid=len(split.valid),
        test=len(split.test),
        missing=rows.missing,
        standings=standings,
    )


def standing(
    rows: Rows, split: RowSplit, recipe: Recipe, cache: Cache, *, threads: int
) -> Standing:
    """Score one classifier, or recall its scores."""

    def measure() -> dict[str, Any]:
        started = time.perf_counter()
        fitted = recipe.fit(chosen(rows.dataset, split.train), threads)
        seconds = time.perf_counter() - started
        valid, test = (
            macro_f1(rows.dataset.labels[part], fitted.tell(rows.dataset.features[part]))
            for part in (split.valid, split.test)
        )
        return {"valid_f1": valid, "test_f1": test, "seconds": seconds}

    inputs = {**recipe.inputs(), "data": fingerprint(rows.dataset), "published": rows.published}
    found = cache.record(f"rows-{recipe.kind}", inputs, measure)
    return Standing(model=recipe.kind, **found)


def chosen(dataset: Dataset, indices: Indices) -> Dataset:
    """Return some rows, in the order of the indices."""
    return Dataset(dataset.features[indices], dataset.tracks[indices], dataset.labels[indices])


def macro_f1(true: NDArray[np.str_], told: NDArray[np.str_]) -> float:
    """Return the mean F1 over the ten genres."""
    return float(f1_score(true, told, labels=GENRES, average="macro", zero_division=0))
