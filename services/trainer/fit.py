"""The fit itself: gradient-boosted trees on the 57 features of each chunk."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
from catboost import CatBoostClassifier, CatBoostError, Pool
from numpy.typing import NDArray

from services.trainer.data import DataError, Dataset
from shared.genres import GENRES
from shared.music.features import FEATURE_NAMES

PARAMETERS: Final[dict[str, int | float | str]] = {
    "loss_function": "MultiClass",
    "iterations": 400,
    "depth": 4,
    "learning_rate": 0.03,
    "l2_leaf_reg": 10.0,
    "random_strength": 3.0,
    "rsm": 0.1,
    "bootstrap_type": "Bernoulli",
    "subsample": 0.15,
}
"""Chosen on valid_filtered by log loss and accuracy of averaged tracks, among some 20 settings.

The ten chunks of a track resemble each other, so each tree sees about one or two of
them and a tenth of the features: larger shares fit the tracks, not the genres.
"""


def fit(
    dataset: Dataset,
    *,
    seed: int,
    iterations: int | None = None,
    thread_count: int = 1,
    progress: Callable[[float], None] | None = None,
) -> Any:
    """Fit a classifier.

    Args:
        dataset: what to learn from; every genre must occur.
        seed: seed of everything random in it.
        iterations: number of trees, that of ``PARAMETERS`` where it is left out.
        thread_count: threads to use.
        progress: called with the share that is done.

    Returns:
        A fitted ``CatBoostClassifier`` with the genres as its classes.

    Raises:
        DataError: a genre does not occur, or there are too few chunks.

    """
    if missing := [genre for genre in GENRES if genre not in dataset.labels]:
        raise DataError(f"There is nothing to learn from for: {', '.join(missing)}.")
    parameters = parameters_for(iterations)
    classifier = CatBoostClassifier(
        **parameters,
        random_seed=seed,
        thread_count=thread_count,
        allow_writing_files=False,
        logging_level="Silent",
    )
    pool = Pool(
        dataset.features,
        dataset.labels.astype(object),  # CatBoost takes no numpy strings
        weight=track_weights(dataset.tracks),
        feature_names=list(FEATURE_NAMES),
    )
    watch = [_Watch(progress, int(parameters["iterations"]))] if progress else None
    try:
        classifier.fit(pool, callbacks=watch)
    except CatBoostError as error:
        raise DataError(f"Nothing can be fitted to {len(dataset)} chunks: {error}") from error
    return classifier


def parameters_for(iterations: int | None) -> dict[str, int | float | str]:
    """Return the parameters of a fit, with another number of trees where one is given."""
    return PARAMETERS if iterations is None else {**PARAMETERS, "iterations": iterations}


def track_weights(tracks: NDArray[np.str_]) -> NDArray[np.float64]:
    """Weigh chunks so that every track counts the same; the mean weight is 1."""
    _, place, counts = np.unique(tracks, return_inverse=True, return_counts=True)
    weights: NDArray[np.float64] = len(tracks) / (len(counts) * counts[place])
    return weights


class _Watch:
    """CatBoost's callback, called after each tree."""

    def __init__(self, progress: Callable[[float], None], iterations: int) -> None:
        self._progress = progress
        self._iterations = iterations

    def after_iteration(self, info: SimpleNamespace) -> bool:
        self._progress(info.iteration / self._iterations)
        return True  # go on
