"""Scores of the genres for aggregated windows, and what they are made of."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.domain.genres import GENRES
from shared.errors import ModelError
from shared.music.model.aggregation import AGGREGATE_NAMES, Windows
from shared.music.model.calibration import softmax
from shared.music.model.catboost_import import import_catboost
from shared.music.model.discriminants import Discriminants
from shared.music.model.model_metadata import ModelMetadata

_catboost = import_catboost()


@dataclass(frozen=True, eq=False)
class Prediction:
    """Probabilities of a track.

    Attributes:
        track: calibrated probabilities of the genres, shape (10,), columns as ``GENRES``.
        chunks: the same for each chunk with its neighbours, shape (n, 10); those of the track
            where the chunk is silent.
        families: probabilities of being music, speech, noise or a tone, shape (4,), columns
            as ``FAMILIES``.
        strangeness: how much the track differs from music; about 1 for music.
        windows: the track's aggregated windows.

    """

    track: NDArray[np.float64]
    chunks: NDArray[np.float64]
    families: NDArray[np.float64]
    strangeness: float
    windows: Windows


class Scorer:
    """Scores windows by the weighted sum of gradient-boosted trees and linear discriminants.

    Args:
        metadata: of the model.
        classifier: the trees, a CatBoost classifier.
        thread_count: threads that a prediction may use.

    """

    def __init__(self, metadata: ModelMetadata, classifier: Any, *, thread_count: int = 1) -> None:
        self._classifier = classifier
        self._calibration = metadata.calibration
        self._discriminants = Discriminants(metadata.discriminants)
        self._order = np.array([metadata.classes.index(genre) for genre in GENRES])
        # CatBoost uses every core unless a number of threads is given at each prediction.
        self._thread_count = thread_count

    def scores(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the scores of the genres for aggregated windows.

        Args:
            rows: shape (n, 362), n at least 1, columns as ``AGGREGATE_NAMES``.

        Returns:
            Shape (n, 10), columns as ``GENRES``: the weighted sum of the scores of trees and
            discriminants.

        Raises:
            ValueError: another shape.

        """
        if rows.ndim != 2 or rows.shape[1] != len(AGGREGATE_NAMES) or not len(rows):  # noqa: PLR2004 - a table
            raise ValueError(f"windows are (n, {len(AGGREGATE_NAMES)}), not {rows.shape}")
        trees = self._classifier.predict(
            rows, prediction_type="RawFormulaVal", thread_count=self._thread_count
        )[:, self._order]
        return self._discriminants.pooled(rows, trees)

    def probabilities(
        self, scores: NDArray[np.float64], chunks: float | NDArray[np.number]
    ) -> NDArray[np.float64]:
        """Return calibrated probabilities.

        Args:
            scores: shape (n, 10), as ``scores`` returns them.
            chunks: how many chunks were heard; one number, or one for each row.

        Returns:
            Shape (n, 10), float64, columns as ``GENRES``; each row has the sum 1.

        """
        return softmax(scores, self._calibration.temperature_of(chunks))

    def track_scores(self, windows: Windows) -> NDArray[np.float64]:
        """Return the scores of a track, the mean over its windows; shape (10,)."""
        return windows.mean(self.scores(windows.rows))

    def contributions(self, windows: Windows) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what each column adds to a track's scores, minus the mean over the genres.

        Args:
            windows: the track's aggregated windows.

        Returns:
            Contributions of shape (10, 362), and what every track gets, shape (10,). Their sum
            over the columns is the track's scores minus their mean over the genres.

        """
        pool = _catboost.Pool(windows.rows)
        shap = self._classifier.get_feature_importance(
            pool, type="ShapValues", thread_count=self._thread_count
        )[:, self._order]
        share, linear = self._discriminants.share, self._discriminants
        by_window = (1 - share) * shap[:, :, :-1]
        by_window[:, :, linear.indices] += share * linear.contributions(windows.rows)
        columns = windows.mean(by_window)
        base = (1 - share) * shap[0, :, -1] + share * linear.bias
        return columns - columns.mean(axis=0), base - base.mean()


def load_classifier(content: bytes, metadata: ModelMetadata) -> Any:
    """Load the trees and compare their own columns and classes with the metadata.

    Args:
        content: of the ``.cbm`` file.
        metadata: of the model.

    Raises:
        ModelError: the file is corrupt, or has other columns or classes.

    """
    classifier = _catboost.CatBoostClassifier()
    try:
        classifier.load_model(blob=content)
    except _catboost.CatBoostError as error:
        raise ModelError(f"The model file of {metadata.name} is corrupt: {error}") from error
    if tuple(classifier.feature_names_) != metadata.features:
        raise ModelError(
            f"The model file of {metadata.name} has {len(classifier.feature_names_)} features "
            f"that are not the {len(metadata.features)} of its metadata, in this order."
        )
    if tuple(classifier.classes_) != metadata.classes:
        raise ModelError(f"The model file of {metadata.name} has other classes than its metadata.")
    return classifier
