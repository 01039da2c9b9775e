"""The original comparison: six classifiers with default settings, rows split at random."""

import time
from collections.abc import Callable
from typing import Any

from training.evaluation.scores import macro_f1
from training.study.cache import Cache, fingerprint
from training.study.classifiers.models import DEFAULT_CLASSIFIERS, Recipe
from training.study.published_rows import Rows, RowSplit, row_split
from training.study.results import HoldoutScore, Table

Progress = Callable[[str, float], None]


def score_default_classifiers(
    rows: Rows, cache: Cache, *, threads: int, progress: Progress
) -> Table:
    """Fit the six on the training rows and score them on validation and test."""
    split = row_split(rows)
    scores = []
    for done, recipe in enumerate(DEFAULT_CLASSIFIERS):
        progress(f"table: {recipe.kind}", done / len(DEFAULT_CLASSIFIERS))
        scores.append(holdout_score(rows, split, recipe, cache, threads=threads))
        progress(f"table: {recipe.kind}", (done + 1) / len(DEFAULT_CLASSIFIERS))
    return Table(
        train=len(split.train),
        valid=len(split.valid),
        test=len(split.test),
        missing=rows.missing,
        scores_by_model=scores,
    )


def holdout_score(
    rows: Rows, split: RowSplit, recipe: Recipe, cache: Cache, *, threads: int
) -> HoldoutScore:
    """Score one classifier, or read its scores from the cache."""

    def measure() -> dict[str, Any]:
        started = time.perf_counter()
        fitted = recipe.fit(rows.dataset.take(split.train), threads)
        seconds = time.perf_counter() - started
        valid, test = (
            macro_f1(rows.dataset.labels[part], fitted.predict(rows.dataset.features[part]))
            for part in (split.valid, split.test)
        )
        return {"valid_f1": valid, "test_f1": test, "seconds": seconds}

    inputs = {**recipe.inputs(), "data": fingerprint(rows.dataset), "published": rows.published}
    found = cache.record(f"rows-{recipe.kind}", inputs, measure)
    return HoldoutScore(model=recipe.kind, **found)
