"""The trained classifier: from a track's features and tags to genre probabilities and a verdict.

A track is classified in windows of ``WINDOW_CHUNKS`` chunks, the length that the model was trained
on. The track's probabilities are the mean over the windows, weighted by their audible chunks. The
probabilities of a single chunk are those of a short window of the chunk and its two neighbours.
Silent chunks enter no window.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from shared.domain.genres import GENRES
from shared.errors import ModelError
from shared.music.constants import WINDOW_CHUNKS
from shared.music.model.aggregation import AGGREGATE_NAMES, aggregate
from shared.music.model.audibility import audible
from shared.music.model.catboost_import import import_catboost
from shared.music.model.model_metadata import RECIPE_VERSION, ModelMetadata
from shared.music.model.music_detector import FAMILIES, Family, MusicDetector
from shared.music.model.verdict import Verdict

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

    """

    track: NDArray[np.float64]
    chunks: NDArray[np.float64]
    families: NDArray[np.float64]
    strangeness: float


def committed() -> Path:
    """Return the path of the model that comes with the package."""
    # A folder on disk even when installed: the package does not support zip files.
    return Path(__file__).parents[1] / "models" / "genrebot.cbm"


class GenreModel:
    """Predicts the genre of a track from its chunks' features and tags.

    Create it with ``load``. Several threads may share one object.
    """

    def __init__(self, metadata: ModelMetadata, classifier: Any, *, thread_count: int = 1) -> None:
        self.metadata = metadata
        self._classifier = classifier
        # CatBoost uses every core unless a number of threads is given at each prediction.
        self._thread_count = thread_count
        self._columns = np.array([metadata.classes.index(genre) for genre in GENRES])
        self._music_detector = MusicDetector(metadata.music_detector)

    @classmethod
    def load(cls, path: Path | None = None, *, thread_count: int = 1) -> Self:
        """Load a model and its metadata, the JSON file of the same name beside it.

        Args:
            path: the ``.cbm`` file; by default that of the model that comes with the package.
            thread_count: threads that a prediction may use.

        Raises:
            ModelError: the two files cannot be read, do not belong together, or were
                made for other features or genres than this release's.

        """
        path = path or committed()
        metadata = ModelMetadata.read(path.with_suffix(".json"))
        _check_fit(metadata)
        classifier = _classifier(metadata.read_content(path), metadata)
        return cls(metadata, classifier, thread_count=thread_count)

    @property
    def name(self) -> str:
        """Name of the model, which verdicts carry."""
        return self.metadata.name

    def predict_track(
        self, features: NDArray[np.float64], tags: NDArray[np.floating]
    ) -> Prediction:
        """Predict the probabilities of a track.

        Args:
            features: shape (n, 57), n at least 1, a row for each chunk, columns as
                ``FEATURE_NAMES``.
            tags: shape (n, 50), columns as ``TAG_NAMES``; rows of NaN where a chunk is
                silent.

        Raises:
            AudioError: ``SILENT`` where all chunks are silent.
            ValueError: other shapes, or a feature that is not finite.

        """
        heard = audible(features, tags)
        windows = _windows(features, tags, heard)
        near = [_near(features, tags, heard, chunk) for chunk in np.flatnonzero(heard).tolist()]
        table = self.predict_rows(np.stack((*(row for row, _ in windows), *near)))
        track = np.average(table[: len(windows)], axis=0, weights=[size for _, size in windows])
        chunks = np.tile(track, (len(features), 1))
        chunks[heard] = table[len(windows) :]
        return Prediction(
            track,
            chunks,
            self._music_detector.probabilities(features, tags),
            self._music_detector.strangeness(features, tags),
        )

    def verdict(
        self,
        features: NDArray[np.float64],
        tags: NDArray[np.floating],
        spans: Sequence[tuple[float, float]],
        *,
        duration_s: float,
    ) -> Verdict:
        """Return the verdict on a track.

        Args:
            features: as for ``predict_track``.
            tags: as for ``predict_track``.
            spans: start and end of each chunk, in seconds.
            duration_s: length of the track, in seconds.

        Raises:
            AudioError: as ``predict_track``.
            ValueError: as ``predict_track``.

        """
        prediction = self.predict_track(features, tags)
        limits = self.metadata.calibration
        music = float(prediction.families[FAMILIES.index("music")])
        doubtful = music < limits.doubt_from or prediction.strangeness > limits.strange_above
        family: Family = "music"
        if music < limits.music_from:
            family = FAMILIES[1 + int(prediction.families[1:].argmax())]
        return Verdict.of(
            prediction.chunks,
            spans,
            duration_s=duration_s,
            model=self.name,
            track=prediction.track,
            sure_from=np.inf if doubtful else limits.sure_from,
            family=family,
        )

    def predict_rows(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the calibrated probabilities of the genres for aggregated windows.

        Args:
            rows: shape (n, 362), n at least 1, columns as ``AGGREGATE_NAMES``.

        Returns:
            Shape (n, 10), float64, columns as ``GENRES``; each row has the sum 1.

        Raises:
            ValueError: another shape.

        """
        if rows.ndim != 2 or rows.shape[1] != len(AGGREGATE_NAMES) or not len(rows):  # noqa: PLR2004 - a table
            raise ValueError(f"windows are (n, {len(AGGREGATE_NAMES)}), not {rows.shape}")
        table = self._classifier.predict_proba(rows, thread_count=self._thread_count)
        return temperature_scale(table[:, self._columns], self.metadata.calibration.temperature)


def _windows(
    features: NDArray[np.float64],
    tags: NDArray[np.floating],
    heard: NDArray[np.bool_],
) -> list[tuple[NDArray[np.float64], int]]:
    """Aggregate each window that is not silent; with the number of its audible chunks."""
    rows = []
    for start in range(0, len(features), WINDOW_CHUNKS):
        window = start + np.flatnonzero(heard[start : start + WINDOW_CHUNKS])
        if len(window):
            rows.append((aggregate(features[window], tags[window]), len(window)))
    return rows


def _near(
    features: NDArray[np.float64],
    tags: NDArray[np.floating],
    heard: NDArray[np.bool_],
    chunk: int,
) -> NDArray[np.float64]:
    """Aggregate a chunk and its two neighbours, as far as they are audible."""
    near = slice(max(0, chunk - 1), chunk + 2)
    kept = heard[near]
    return aggregate(features[near][kept], tags[near][kept])


def temperature_scale(
    probabilities: NDArray[np.float64], temperature: float
) -> NDArray[np.float64]:
    """Divide the log odds between classes by a temperature.

    Guo et al., "On calibration of modern neural networks" (2017), section 4.2.

    Args:
        probabilities: shape (n, classes), rows with the sum 1.
        temperature: above 0; 1 changes nothing.

    Returns:
        Shape (n, classes), rows with the sum 1.

    """
    powers = np.clip(probabilities, np.finfo(np.float64).tiny, 1) ** (1 / temperature)
    scaled: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return scaled


def _check_fit(metadata: ModelMetadata) -> None:
    """Refuse a model that was made for another release's features or genres."""
    if metadata.recipe_version != RECIPE_VERSION:
        raise ModelError(
            f"The model {metadata.name} was trained on features of the recipe "
            f"{metadata.recipe_version}, this release computes {RECIPE_VERSION}: train it again."
        )
    if metadata.features != AGGREGATE_NAMES:
        raise ModelError(
            f"The model {metadata.name} expects other features, or another order of them, "
            "than this release computes: train it again."
        )
    if sorted(metadata.classes) != sorted(GENRES):
        raise ModelError(
            f"The model {metadata.name} has the classes {', '.join(metadata.classes)}; "
            f"this release needs {', '.join(GENRES)}."
        )


def _classifier(content: bytes, metadata: ModelMetadata) -> Any:
    """Load the classifier and compare its own columns and classes with its metadata."""
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
