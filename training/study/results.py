"""Results of the study: one JSON file, from which the report is written."""

from pathlib import Path
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict

from shared.music.model.model_metadata import Score
from training.data.gtzan import DataError

FILE: Final = "study-results.json"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HoldoutScore(_Record):
    """Macro F1 of one model on the validation and the test rows, and seconds of its fit."""

    model: str
    valid_f1: float
    test_f1: float
    seconds: float


class Table(_Record):
    """The original comparison: number of rows in each part, and scores of the six models."""

    train: int
    valid: int
    test: int
    missing: int
    scores_by_model: list[HoldoutScore]


class Trial(_Record):
    """One trial of the search; ``value`` is the best macro F1 on the validation rows so far."""

    number: int
    state: str
    family: str = ""
    value: float | None
    parameters: dict[str, Any]


class Candidate(HoldoutScore):
    """A model fitted in full, with its parameters."""

    family: str
    parameters: dict[str, Any]


class Tuning(_Record):
    """The search, the refitted candidates, and the one that validation chose in each family.

    ``importances`` maps the columns of the chosen CatBoost to CatBoost's
    PredictionValuesChange, in per cent.
    """

    trials: list[Trial]
    candidates: list[Candidate]
    chosen: dict[str, str]
    importances: dict[str, float]


class Protocol(_Record):
    """One evaluation protocol, and every model's scores under it.

    ``tracks`` and ``chunks`` count what was scored. ``shared_tracks`` is the share of the
    scored tracks with other chunks in the training data, ``shared_artists`` the share of
    the scored tracks with a known artist who also has tracks in the training data.
    ``confusion`` counts the tuned CatBoost's chunks, rows true and columns predicted, as
    ``GENRES``.
    """

    name: str
    title: str
    tracks: int
    chunks: int
    folds: int
    shared_tracks: float
    shared_artists: float
    scores: dict[str, list[Score]]
    confusion: list[list[int]]
    track_confusion: list[list[int]]


class ProtocolScores(_Record):
    """All protocols, from random rows to artists kept apart and faults filtered."""

    protocols: list[Protocol]
    unknown_artists: int


class VersionScore(_Record):
    """Scores of one version of the image network over its repetitions.

    ``six_f1`` is macro F1 over the genres with 60 images or more, ``ten_f1`` over all ten;
    one value for each repetition, over all images.
    """

    name: str
    what: str
    six_f1: list[float]
    ten_f1: list[float]
    accuracy: list[float]
    seconds: float
    confusion: list[list[int]]


class Pictures(_Record):
    """The image network: number of images of each genre, and scores of each version."""

    counts: dict[str, int]
    folds: int
    versions: list[VersionScore]


class Results(_Record):
    """All parts; ``None`` where a part was not computed."""

    table: Table | None = None
    tune: Tuning | None = None
    splits: ProtocolScores | None = None
    pictures: Pictures | None = None

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the results in a folder; empty where there are none.

        Raises:
            DataError: the file does not hold results of the study.

        """
        path = folder / FILE
        if not path.is_file():
            return cls()
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise DataError(f"{path} does not hold the results of this study: {error}") from error

    def write(self, folder: Path) -> None:
        """Write the results as JSON, whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / f".{FILE}.fresh"
        fresh.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")
        fresh.replace(folder / FILE)
