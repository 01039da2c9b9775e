"""What is known about a trained model, as it stands in the JSON file beside it."""

import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.errors import ModelError

SCHEMA_VERSION: Final = 1

Level = Literal["chunk", "track_majority", "track_mean"]
"""Chunks one by one; tracks by their chunks' votes; tracks by averaged probabilities."""


class Score(BaseModel):
    """How good a model was on tracks it had not seen.

    ``split`` names those tracks; both figures are shares from 0 to 1, ``macro_f1`` the
    mean over the genres of their F1 scores.
    """

    model_config = ConfigDict(frozen=True)

    split: str
    level: Level
    n_tracks: int
    n_chunks: int
    macro_f1: float
    accuracy: float


class Counts(BaseModel):
    """How many tracks and chunks of a genre a model was fitted on."""

    model_config = ConfigDict(frozen=True)

    tracks: int
    chunks: int


class Training(BaseModel):
    """How a model was made, so that it can be made again."""

    model_config = ConfigDict(frozen=True)

    day: date
    source: Literal["table", "audio"]
    protocol: str
    seed: int
    parameters: dict[str, int | float | str]
    tracks: int
    chunks: int
    by_genre: dict[str, Counts]
    libraries: dict[str, str]


class Sidecar(BaseModel):
    """The description of one model file.

    ``features`` are the columns that the model expects and ``recipe_version`` what they
    mean; ``classes`` are its own columns of probability, in its order. ``scores`` belong
    to a model of the same parameters that was fitted without the tracks it was scored on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = SCHEMA_VERSION
    name: str = Field(min_length=1)
    features: tuple[str, ...]
    recipe_version: str
    classes: tuple[str, ...]
    training: Training
    scores: tuple[Score, ...]
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
