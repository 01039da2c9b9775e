"""What the study found, as it stands in one JSON file that the report is written from."""

from pathlib import Path
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict

from shared.music.model.model_metadata import Score
from training.data.gtzan import DataError

FILE: Final = "study-results.json"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Standing(_Record):
    """One model's macro F1 on the validation and the test rows, and its seconds of fitting."""

    model: str
    valid_f1: float
    test_f1: float
    seconds: float


class Table(_Record):
    """The original comparison: number of rows in each part, and the six models."""

    train: int
    valid: int
    test: int
    missing: int
    standings: list[Standing]


class Trial(_Record):
    """One point of the search; ``value`` is macro F1 on the validation rows seen so far."""

    number: int
    state: str
    family: str = ""
    value: float | None
    parameters: dict[str, Any]


class Contender(Standing):
    """A model that was refitted in full, with what it is made of."""

    family: str
    parameters: dict[str, Any]


class Tuning(_Record):
    """The search, the refits, and which of them validation chose in each family.

    ``importances`` maps the columns of the chosen CatBoost to their share of the
    prediction's change, in per cent.
    """

    trials: list[Trial]
    contenders: list[Contender]
    chosen: dict[str, str]
    importances: dict[str, float]


class Protocol(_Record):
    """One way to divide the tracks, and every model's scores under it.

    ``tracks`` and ``chunks`` count what was scored; ``shared_tracks`` is the share of the
    scored tracks that have other chunks among those learned from, ``shared_artists``
    the same of tracks whose known artist was learned from. ``confusion`` counts the
    tuned CatBoost's chunks, rows true and columns told, as ``GENRES``.
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


class Splits(_Record):
    """The protocols, from the easiest to the one that holds for new songs."""

    protocols: list[Protocol]
    unknown_artists: int


class Rung(_Record):
    """One version of the picture network over its repetitions.

    ``six_f1`` holds macro F1 over the genres with 60 pictures or more and ``ten_f1``
    over all ten, one value a repetition, each over every picture once.
    """

    name: str
    what: str
    six_f1: list[float]
    ten_f1: list[float]
    accuracy: list[float]
    seconds: float
    confusion: list[list[int]]


class Pictures(_Record):
    """The picture network: what it learned from, as it was and as it became."""

    counts: dict[str, int]
    folds: int
    rungs: list[Rung]


class Results(_Record):
    """All parts; one that was not computed is ``None``."""

    table: Table | None = None
    tune: Tuning | None = None
    splits: Splits | None = None
    pictures: Pictures | None = None

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the results in a folder; empty where there are none.

        Raises:
            DataError: the file is not one of ours.

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
