"""Metadata of a trained model, the JSON file beside it."""

from datetime import date
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from shared.domain.genres import GENRES
from shared.errors import ModelError
from shared.music.features.table import RECIPE_VERSION as FEATURE_RECIPE
from shared.music.metadata import FileMetadata
from shared.music.model.aggregation import AGGREGATE_NAMES
from shared.music.model.discriminants import DiscriminantParameters
from shared.music.model.music_detector import MusicDetectorParameters
from shared.music.model.sections import SectionParameters
from shared.music.model.styles import TagStatistics

RECIPE_VERSION: Final = f"{FEATURE_RECIPE}+msd-musicnn-50/1"
"""Version of what a model's columns mean. A model fits only the version it was trained on."""

Level = Literal["chunk", "track_majority", "track_mean", "track"]
"""What a score is about: single chunks, or tracks by the majority of their chunks, by the mean of
their chunks' probabilities, or by the verdict."""

Interval = tuple[float, float]
"""Lower and upper end of a 95 % confidence interval."""


class Score(BaseModel):
    """Quality of a model on tracks that it was not fitted on.

    ``split`` names those tracks. Both figures are shares from 0 to 1; ``macro_f1`` is the mean
    of the genres' F1 scores. Intervals come from a bootstrap over artists.
    """

    model_config = ConfigDict(frozen=True)

    split: str
    level: Level
    n_tracks: int
    n_chunks: int
    macro_f1: float
    accuracy: float
    macro_f1_interval: Interval | None = None
    accuracy_interval: Interval | None = None


class GenreScore(BaseModel):
    """Number of tracks of one genre, and recall and precision of verdicts on them."""

    model_config = ConfigDict(frozen=True)

    tracks: int
    recall: float
    precision: float


class Calibration(BaseModel):
    """Temperature and thresholds of verdicts, and figures about them.

    Attributes:
        temperature: scores are divided by it, for a long track.
        extra_temperature: added to it for a short track, divided by the number of chunks heard.
        sure_from: a verdict with a lower confidence is unsure.
        music_from: a track with a lower probability of being music is told to be no music.
        doubt_from: a verdict with a lower probability of being music is unsure.
        strange_above: a verdict on a track with a greater strangeness is unsure.
        split: names the tracks that the figures below were measured on.
        expected_error: expected calibration error.
        answered: share of tracks with a sure verdict.
        right: share of right verdicts among the sure ones.

    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float = Field(gt=0)
    extra_temperature: float = Field(ge=0)
    sure_from: float = Field(ge=0, le=1)
    music_from: float = Field(ge=0, le=1)
    doubt_from: float = Field(ge=0, le=1)
    strange_above: float = Field(gt=0)
    split: str
    expected_error: float
    answered: float
    right: float

    def temperature_of(self, chunks: float | NDArray[np.number]) -> NDArray[np.float64]:
        """Return the temperature for a number of chunks that were heard, 1 at least."""
        return np.asarray(self.temperature + self.extra_temperature / np.asarray(chunks, float))


class Counts(BaseModel):
    """Numbers of tracks and chunks of a genre in a training set."""

    model_config = ConfigDict(frozen=True)

    tracks: int
    chunks: int


class Training(BaseModel):
    """How a model was trained, complete enough to repeat it."""

    model_config = ConfigDict(frozen=True)

    day: date
    source: str
    protocol: str
    seed: int
    parameters: dict[str, int | float | str]
    tracks: int
    chunks: int
    by_genre: dict[str, Counts]
    libraries: dict[str, str]


class ModelMetadata(FileMetadata):
    """Metadata of one model file.

    Attributes:
        features: columns of the rows that the model takes.
        recipe_version: version of what these columns mean.
        classes: genres of the model's output columns, in its own order.
        training: how it was trained.
        scores: of a model with the same parameters, on tracks that it was not fitted on.
        genres: the same, by genre.
        calibration: temperature and thresholds of verdicts.
        discriminants: parameters of the linear discriminants.
        music_detector: parameters of the music detector.
        tags: distribution of the tags over the training tracks.
        sections: parameters of the segmentation.
        column_means: mean of each of ``features`` over the training tracks.

    """

    schema_version: Literal[4] = 4
    features: tuple[str, ...]
    recipe_version: str
    classes: tuple[str, ...]
    training: Training
    scores: tuple[Score, ...]
    genres: dict[str, GenreScore]
    calibration: Calibration
    discriminants: DiscriminantParameters
    music_detector: MusicDetectorParameters
    tags: TagStatistics
    sections: SectionParameters
    column_means: tuple[float, ...]

    def check_release(self) -> None:
        """Refuse a model that was made for another release's features or genres.

        Raises:
            ModelError: it was.

        """
        if self.recipe_version != RECIPE_VERSION:
            raise ModelError(
                f"The model {self.name} was trained on features of the recipe "
                f"{self.recipe_version}, this release computes {RECIPE_VERSION}: train it again."
            )
        if self.features != AGGREGATE_NAMES or len(self.column_means) != len(AGGREGATE_NAMES):
            raise ModelError(
                f"The model {self.name} expects other features, or another order of them, "
                "than this release computes: train it again."
            )
        if sorted(self.classes) != sorted(GENRES):
            raise ModelError(
                f"The model {self.name} has the classes {', '.join(self.classes)}; "
                f"this release needs {', '.join(GENRES)}."
            )
