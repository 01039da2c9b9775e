"""The trained classifier, loaded only together with the sidecar that describes it."""

from importlib import resources
from pathlib import Path
from typing import Any, Self

import numpy as np
from catboost import CatBoostClassifier, CatBoostError
from numpy.typing import NDArray

from shared.errors import ModelError
from shared.genres import GENRES
from shared.music.features import FEATURE_NAMES, RECIPE_VERSION
from shared.music.sidecar import Sidecar


def committed() -> Path:
    """Return where the model that comes with the package lies."""
    # A plain folder even when installed: nothing here runs out of a zip file.
    return Path(str(resources.files("shared.music").joinpath("models", "genrebot.cbm")))


class GenreModel:
    """Ten probabilities for each chunk.

    Build it with ``load``. One object may be used by several threads.
    """

    def __init__(self, info: Sidecar, classifier: Any, *, thread_count: int = 1) -> None:
        self.info = info
        self._classifier = classifier
        # CatBoost takes every core it sees unless told otherwise at each prediction.
        self._thread_count = thread_count
        self._columns = np.array([info.classes.index(genre) for genre in GENRES])

    @classmethod
    def load(cls, path: Path | None = None, *, thread_count: int = 1) -> Self:
        """Load a model and its sidecar, the JSON file of the same name beside it.

        Args:
            path: the ``.cbm`` file; the committed model where it is left out.
            thread_count: threads that a prediction may use.

        Raises:
            ModelError: the two files cannot be read, do not belong together, or were
                made for other features or genres than this release's.

        """
        path = path or committed()
        info = Sidecar.read(path.with_suffix(".json"))
        _check_fit(info)
        content = _read(path)
        info.check(content)
        return cls(info, _classifier(content, info), thread_count=thread_count)

    @property
    def name(self) -> str:
        """Name of the model, as verdicts carry it."""
        return self.info.name

    def predict(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probabilities of the genres for each chunk.

        Args:
            features: shape (n, 57), n at least 1, columns as ``FEATURE_NAMES``.

        Returns:
            Shape (n, 10), float64, columns as ``GENRES``; rows sum to 1.

        Raises:
            ValueError: another shape, or a feature that is not finite.

        """
        if features.ndim != 2 or features.shape[1] != len(FEATURE_NAMES) or not len(features):  # noqa: PLR2004 - a table
            raise ValueError(f"features are (n, {len(FEATURE_NAMES)}), not {features.shape}")
        finite = np.asarray(np.isfinite(features).all(axis=0))
        if not finite.all():
            wrong = [name for name, good in zip(FEATURE_NAMES, finite, strict=True) if not good]
            raise ValueError(f"features are not finite: {', '.join(wrong)}")
        table = self._classifier.predict_proba(features, thread_count=self._thread_count)
        probabilities: NDArray[np.float64] = table[:, self._columns]
        return probabilities


def _check_fit(info: Sidecar) -> None:
    """Refuse a model that was made for another release's features or genres."""
    if info.recipe_version != RECIPE_VERSION:
        raise ModelError(
            f"The model {info.name} was trained on features of the recipe "
            f"{info.recipe_version}, this release computes {RECIPE_VERSION}: train it again."
        )
    if info.features != FEATURE_NAMES:
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


def _classifier(content: bytes, info: Sidecar) -> Any:
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
