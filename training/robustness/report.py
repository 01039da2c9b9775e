"""Results: changes of genre, counted for each condition."""

from collections.abc import Iterable
from math import sqrt
from statistics import NormalDist
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, computed_field

TARGET: Final = 0.02
"""Target: largest share of tracks that may change genre."""

_Z: Final = NormalDist().inv_cdf(0.975)


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Outcome(_Record):
    """A track's genre, its probability, and whether it is told without doubt."""

    genre: str
    probability: float
    sure: bool = True


class Flip(_Record):
    """A track whose genre changed; ``after`` is ``None`` where the file was refused instead."""

    track: str
    before: str
    after: str | None
    sure_before: bool
    sure_after: bool | None


class Tally(_Record):
    """Counts of one condition.

    ``flips`` are changes of genre; ``to_unsure`` and ``to_sure`` name the tracks that went
    from sure to unsure and back, whether or not the genre changed. ``mean_shift`` is the
    mean absolute change of the winning probability, ``None`` where every file was refused.
    """

    condition: str
    meaning: str
    counts: bool
    tracks: int
    flips: list[Flip]
    to_unsure: list[str]
    to_sure: list[str]
    mean_shift: float | None

    @computed_field  # type: ignore[prop-decorator]  # mypy allows no decorator on a property
    @property
    def rate(self) -> float:
        """Share of tracks that changed genre."""
        return len(self.flips) / self.tracks

    @computed_field  # type: ignore[prop-decorator]
    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the rate."""
        return wilson(len(self.flips), self.tracks)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def held(self) -> bool:
        """Whether the rate is within the target."""
        return self.rate <= TARGET


class Report(_Record):
    """Results of one model.

    ``left_out`` gives the reason for each file that could not be decoded.
    """

    # The key in JSON dates from before the field was renamed.
    model: str = Field(serialization_alias="judge")
    tracks: int
    tallies: list[Tally]
    left_out: dict[str, str]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def changed(self) -> list[str]:
        """Tracks that changed genre under at least one condition that counts."""
        return sorted({flip.track for tally in self._counted() for flip in tally.flips})

    @computed_field  # type: ignore[prop-decorator]
    @property
    def held(self) -> bool:
        """Whether each condition that counts is within the target."""
        return all(tally.held for tally in self._counted())

    @computed_field  # type: ignore[prop-decorator]
    @property
    def held_together(self) -> bool:
        """Whether the share of tracks that changed under any of them is within the target."""
        return len(self.changed) / self.tracks <= TARGET

    def _counted(self) -> Iterable[Tally]:
        return (tally for tally in self.tallies if tally.counts)


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share.

    The score interval (E. B. Wilson, Journal of the American Statistical Association 22,
    1927, 209-212), which is sound for few hits and for none.

    Args:
        hits: from 0 to n.
        n: at least 1.

    """
    centre = hits + _Z**2 / 2
    half = _Z * sqrt(hits * (n - hits) / n + _Z**2 / 4)
    low, high = (centre - half) / (n + _Z**2), (centre + half) / (n + _Z**2)
    # Exact at the ends, where rounding would leave something like -1e-17.
    return (low if hits else 0.0), (high if hits < n else 1.0)
