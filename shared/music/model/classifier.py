"""The trained classifier, loaded only together with the sidecar that describes it.

It judges a track in groups of ``WINDOW_CHUNKS`` chunks, the length it was trained on; the
track's probabilities are the mean over the groups, each counting as often as it has audible
chunks. What is shown for a single chunk is the same model's answer for it and its two
neighbours. Chunks that are silent are asked for nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from catboost import CatBoostClassifier, CatBoostError
from numpy.typing import NDArray

from shared.domain.genres import GENRES
from shared.errors import ModelError
from shared.music.constants import WINDOW_CHUNKS
from shared.music.model.aggregation import AGGREGATE_NAMES, aggregate
from shared.music.model.audibility import audible
from shared.music.model.families import FAMILIES, Family
from shared.music.model.model_metadata import RECIPE_VERSION, ModelMetadata
from shared.music.model.music_detector import MusicDetector
from shared.music.model.verdict import Verdict


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the model thinks of a track.

    Attributes:
        track: calibrated probabilities of the genres, shape (10,), columns as ``GENRES``.
        chunks: the same around each chunk, shape (n, 10).
        families: probabilities of being music, speech, noise or a tone, shape (4,), columns
            as ``FAMILIES``.
        strangeness: how unlike music the track is, whatever it may be; about 1 for music.

    """

    track: NDArray[np.float64]
    chunks: NDArray[np.float64]
    families: NDArray[np.float64]
    strangeness: float


def committed() -> Path:
    """Return where the model that comes with the package lies."""
    # A plain folder even when installed: nothing here runs out of a zip file.
    return Path(__file__).parents[1] / "models" / "genrebot.cbm"


class GenreModel:
    """Tells the genre of a track from its chunks' features and tags.

    Build it with ``load``. One object may be used by several threads.
    """

    def __init__(self, info: ModelMetadata, classifier: Any, *, thread_count: int = 1) -> None:
        self.info = info
        self._classifier = classifier
        # CatBoost takes every core it sees unless told otherwise at each prediction.
        self._thread_count = thread_count
        self._columns = np.array([info.classes.index(genre) for genre in GENRES])
        self._gate = MusicDetector(info.gate)

    @classmethod
    def load(cls, path: Path | None = None, *, thread_count: int = 1) -> Self:
        """Workload a model and its sidecar, the JSON file of the same name beside it.

        Args:
            path: the ``.cbm`` file; the committed model where it is left out.
            thread_count: threads that a prediction may use.

        Raises:
            ModelError: the two files cannot be read, do not belong together, or were
                made for other features or genres than this release's.

        """
        path = path or committed()
        info = ModelMetadata.read(path.with_suffix(".json"))
        _check_fit(info)
        content = _read(path)
        info.check(content)
        return cls(info, _classifier(content, info), thread_count=thread_count)

    @property
    def name(self) -> str:
        """Name of the model, as verdicts carry it."""
        return self.info.name

    def judge(self, features: NDArray[np.float64], tags: NDArray[np.floating]) -> Prediction:
        """Judge a track.

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
        groups = _groups(features, tags, heard)
        near = [_near(features, tags, heard, place) for place in np.flatnonzero(heard).tolist()]
        table = self.predict(np.stack((*(row for row, _ in groups), *near)))
        track = np.average(table[: len(groups)], axis=0, weights=[size for _, size in groups])
        chunks = np.tile(track, (len(features), 1))
        chunks[heard] = table[len(groups) :]
        return Prediction(
            track,
            chunks,
            self._gate.probabilities(features, tags),
            self._gate.strangeness(features, tags),
        )

    def verdict(
        self,
        features: NDArray[np.float64],
        tags: NDArray[np.floating],
        spans: Sequence[tuple[float, float]],
        *,
        duration_s: float,
    ) -> Verdict:
        """Judge a track and put it as it is told to people.

        Args:
            features: as for ``judge``.
            tags: likewise.
            spans: start and end of each chunk, in seconds.
            duration_s: length of the whole track, in seconds.

        Raises:
            AudioError, ValueError: as ``judge``.

        """
        prediction, known = self.judge(features, tags), self.info.calibration
        music = float(prediction.families[FAMILIES.index("music")])
        doubtful = music < known.doubt_from or prediction.strangeness > known.strange_above
        family: Family = "music"
        if music < known.music_from:
            family = FAMILIES[1 + int(prediction.families[1:].argmax())]
        return Verdict.of(
            prediction.chunks,
            spans,
            duration_s=duration_s,
            model=self.name,
            track=prediction.track,
            sure_from=np.inf if doubtful else known.sure_from,
            family=family,
        )

    def predict(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the calibrated probabilities of the genres for described stretches.

        Args:
            rows: shape (n, 362), n at least 1, columns as ``AGGREGATE_NAMES``.

        Returns:
            Shape (n, 10), float64, columns as ``GENRES``; rows sum to 1.

        Raises:
            ValueError: another shape.

        """
        if rows.ndim != 2 or rows.shape[1] != len(AGGREGATE_NAMES) or not len(rows):  # noqa: PLR2004 - a table
            raise ValueError(f"stretches are (n, {len(AGGREGATE_NAMES)}), not {rows.shape}")
        table = self._classifier.predict_proba(rows, thread_count=self._thread_count)
        return temperature_scale(table[:, self._columns], self.info.calibration.temperature)


def _groups(
    features: NDArray[np.float64],
    tags: NDArray[np.floating],
    heard: NDArray[np.bool_],
) -> list[tuple[NDArray[np.float64], int]]:
    """Describe each group with something audible in it; with the number of its chunks."""
    rows = []
    for start in range(0, len(features), WINDOW_CHUNKS):
        group = start + np.flatnonzero(heard[start : start + WINDOW_CHUNKS])
        if len(group):
            rows.append((aggregate(features[group], tags[group]), len(group)))
    return rows


def _near(
    features: NDArray[np.float64],
    tags: NDArray[np.floating],
    heard: NDArray[np.bool_],
    place: int,
) -> NDArray[np.float64]:
    """Describe what is audible of a chunk and its neighbours."""
    around = slice(max(0, place - 1), place + 2)
    kept = heard[around]
    return aggregate(features[around][kept], tags[around][kept])


def temperature_scale(
    probabilities: NDArray[np.float64], temperature: float
) -> NDArray[np.float64]:
    """Scale the log odds between classes by 1 / temperature; rows still sum to 1.

    Guo et al., "On calibration of modern neural networks" (2017), section 4.2.
    """
    powers = np.clip(probabilities, np.finfo(np.float64).tiny, 1) ** (1 / temperature)
    scaled: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return scaled


def _check_fit(info: ModelMetadata) -> None:
    """Refuse a model that was made for another release's features or genres."""
    if info.recipe_version != RECIPE_VERSION:
        raise ModelError(
            f"The model {info.name} was trained on features of the recipe "
            f"{info.recipe_version}, this release computes {RECIPE_VERSION}: train it again."
        )
    if info.features != AGGREGATE_NAMES:
        raise ModelError(
            f"The model {info.name} expects other features, or another order of them, "
            "than this release computes: train it again."
        )
    if sorted(info.classes) != sorted(GENRES):
        raise ModelError(
            f"The model {info.name} knows the classes {', '.join(info.classes)}; "
            f"this release needs {', '.join(GENRES)}."
        )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"The model file {path} cannot be read ({error.strerror}).") from error


def _classifier(content: bytes, info: ModelMetadata) -> Any:
    """Build the classifier and hold what it says of itself against its sidecar."""
    classifier = CatBoostClassifier()
    try:
        classifier.load_model(blob=content)
    except CatBoostError as error:
        raise ModelError(f"The model file of {info.name} is corrupt: {error}") from error
    if tuple(classifier.feature_names_) != info.features:
        raise ModelError(
            f"The model file of {info.name} holds {len(classifier.feature_names_)} features "
            f"that are not the {len(info.features)} of its sidecar, in this order."
        )
    if tuple(classifier.classes_) != info.classes:
        raise ModelError(f"The model file of {info.name} holds other classes than its sidecar.")
    return classifier
