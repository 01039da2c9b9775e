"""What is known about a trained model, as it stands in the JSON file beside it."""

import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.errors import ModelError
from shared.music.features.table import RECIPE_VERSION as FEATURE_RECIPE
from shared.music.model.music_detector import MusicDetectorParameters

SCHEMA_VERSION: Final = 2

RECIPE_VERSION: Final = f"{FEATURE_RECIPE}+msd-musicnn-50/1"
"""Names the meaning of what a model is given; it is only good for the recipe it was trained on."""

Level = Literal["chunk", "track_majority", "track_mean", "track"]
"""Chunks one by one; tracks by their chunks' votes, by averaged probabilities, or as told."""

Interval = tuple[float, float]
"""Lower and upper end of a 95 % confidence interval."""


class Score(BaseModel):
    """How good a model was on tracks it had not seen.

    ``split`` names those tracks; both figures are shares from 0 to 1, ``macro_f1`` the
    mean over the genres of their F1 scores. Intervals come from drawing artists anew.
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
    """How one genre fares: of its tracks, and of what is told to be it, which share is right."""

    model_config = ConfigDict(frozen=True)

    tracks: int
    recall: float
    precision: float


class Calibration(BaseModel):
    """How sure a model may say that it is, and how that was found.

    ``temperature`` divides log odds. A verdict below ``sure_from`` is told as unsure; one
    whose probability of being music is below ``music_from`` is told to be no music, and
    one below ``doubt_from``, or stranger than ``strange_above``, is unsure. The figures
    were taken where the model was judged: ``expected_error`` is the expected calibration
    error, ``answered`` the share of tracks told without doubt, ``right`` the share of
    those that were right.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float = Field(gt=0)
    sure_from: float = Field(ge=0, le=1)
    music_from: float = Field(ge=0, le=1)
    doubt_from: float = Field(ge=0, le=1)
    strange_above: float = Field(gt=0)
    split: str
    expected_error: float
    answered: float
    right: float


class Counts(BaseModel):
    """How many tracks and chunks of a genre a model was fitted on."""

    model_config = ConfigDict(frozen=True)

    tracks: int
    chunks: int


class Training(BaseModel):
    """How a model was made, so that it can be made again."""

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


class ModelMetadata(BaseModel):
    """The description of one model file.

    ``features`` are the columns that the model expects and ``recipe_version`` what they
    mean; ``classes`` are its own columns of probability, in its order. ``scores`` belong
    to a model of the same parameters that was fitted without the tracks it was scored on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[2] = SCHEMA_VERSION
    name: str = Field(min_length=1)
    features: tuple[str, ...]
    recipe_version: str
    classes: tuple[str, ...]
    training: Training
    scores: tuple[Score, ...]
    genres: dict[str, GenreScore]
    calibration: Calibration
    gate: MusicDetectorParameters
    sha256: str
    size_bytes: int

    @classmethod
    def of(cls, content: bytes, fields: Mapping[str, object]) -> Self:
        """Describe a model file's content; ``fields`` are all others but the schema's version."""
        facts = {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
        return cls.model_validate({**fields, **facts})

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a sidecar.

        Raises:
            ModelError: it is missing, or not a sidecar that this release understands.

        """
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise ModelError(
                f"The model's sidecar {path} cannot be read ({error.strerror}): "
                "a model is only used together with the description made with it."
            ) from error
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "the whole"
            raise ModelError(
                f"The model's sidecar {path} is not one that this release understands "
                f"({where}: {first['msg']}): train the model again with this release."
            ) from error

    def check(self, content: bytes) -> None:
        """Hold a model file against its description.

        Raises:
            ModelError: it is another file, or not the whole of it.

        """
        if len(content) != self.size_bytes or hashlib.sha256(content).hexdigest() != self.sha256:
            raise ModelError(
                f"The model file is not the one that the sidecar of {self.name} describes "
                "(its checksum differs): put back the pair as the trainer wrote it."
            )
