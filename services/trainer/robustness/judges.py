"""The judge that everybody meets: the whole chain, with one model."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from services.trainer.data import MAX_TRACK_S
from services.trainer.robustness.report import Judgement
from shared.music.analyse import analyse
from shared.music.decode import Source
from shared.music.model import GenreModel


@dataclass(frozen=True)
class Chain:
    """Hears a file as the bot does; crosses to other processes without its model.

    ``model`` is the ``.cbm`` file; the committed one where it is ``None``.
    """

    model: Path | None = None

    def __call__(self, source: Source) -> Judgement:
        """Return what the bot would tell.

        Raises:
            AudioError: the file cannot be classified.
            ModelError: the model cannot be loaded.

        """
        verdict = analyse(source, _loaded(self.model), max_duration_s=MAX_TRACK_S).verdict
        return Judgement(
            genre=verdict.genre,
            probability=verdict.confidence,
            sure=getattr(verdict, "sure", True),
        )


def as_told(_track: str, judgement: Judgement) -> Judgement:
    """Judge by what ``Chain`` told already."""
    return judgement


@cache
def _loaded(path: Path | None) -> GenreModel:
    return GenreModel.load(path)
