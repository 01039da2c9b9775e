"""Words for a track out of the tagger's fifty tags, and styles beyond the ten genres.

A tag is told where its likelihood stands out among the training tracks. A track is of another style
where its strongest style tag is not covered by the ten genres (electronic, ambient, folk...) and is
unusual for its likeliest genre.
"""

from typing import Annotated, Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.domain.genres import GENRES
from shared.music.model.aggregation import log_odds
from shared.music.tagging.tagger import TAG_NAMES

MAX_TAGS: Final = 4
"""Most tags that are told of a track."""

NOT_TOLD: Final = frozenset(
    {"00s", "90s", "80s", "70s", "60s", "oldies", "party"}
    | {"beautiful", "sexy", "catchy", "happy", "sad"}
)
"""Tags for decades, and for opinions about a song rather than its sound."""

SYNONYMS: Final[tuple[frozenset[str], ...]] = (
    frozenset(("electronic", "electronica", "electro")),
    frozenset(("chillout", "chill")),
    frozenset(("female vocalists", "female vocalist")),
    frozenset(("metal", "heavy metal")),
    frozenset(("indie", "indie rock", "indie pop")),
    frozenset(("alternative", "alternative rock")),
)
"""Tags of one meaning, of which only one is told."""

NO_STYLE: Final = frozenset(
    {"instrumental", "male vocalists", "female vocalists", "female vocalist", "Mellow", "guitar"}
    | {"acoustic", "easy listening", "experimental"}
)
"""Tags that fit any style of music."""

FOREIGN_STYLES: Final = frozenset(
    ("electronic", "electronica", "electro", "House", "ambient", "chillout", "chill")
)
"""Styles that none of the ten genres resembles."""

NEIGHBOURING_STYLES: Final = frozenset(
    ("folk", "punk", "soul", "rnb", "funk", "indie", "indie pop", "indie rock", "dance")
)
"""Styles that resemble one of the ten genres, told only where the genre is in doubt."""

FOREIGN_FROM: Final = 0.2
"""Likelihood from which a foreign style may be told."""
NEIGHBOURING_FROM: Final = 0.25
"""Likelihood from which a neighbouring style may be told."""
UNUSUAL_FROM: Final = 2.5
"""Standard deviations above a genre's mean from which a tag is unusual for that genre."""

_Row = Annotated[tuple[float, ...], Field(min_length=len(TAG_NAMES), max_length=len(TAG_NAMES))]
_ByGenre = Annotated[tuple[_Row, ...], Field(min_length=len(GENRES), max_length=len(GENRES))]


class TagStatistics(BaseModel):
    """How the tags' log odds are distributed over the training tracks; stored in the metadata.

    All rows have a value for each of ``TAG_NAMES``.

    Attributes:
        means: mean over all tracks.
        deviations: standard deviation over all tracks, above 0.
        told_from: log odds from which a tag is told.
        genre_means: mean over the tracks of each of ``GENRES``.
        genre_deviations: standard deviation within each of ``GENRES``, above 0.

    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    means: _Row
    deviations: _Row
    told_from: _Row
    genre_means: _ByGenre
    genre_deviations: _ByGenre

    @model_validator(mode="after")
    def _check_deviations(self) -> Self:
        if min(map(min, (self.deviations, *self.genre_deviations))) <= 0:
            raise ValueError("the deviations of tags are not above 0")
        return self


class Styles:
    """Chooses the tags to tell, and finds styles beyond the ten genres.

    Args:
        statistics: of the training tracks.

    """

    def __init__(self, statistics: TagStatistics) -> None:
        self._means = np.array(statistics.means)
        self._deviations = np.array(statistics.deviations)
        self._told_from = np.array(statistics.told_from)
        self._genre_means = np.array(statistics.genre_means)
        self._genre_deviations = np.array(statistics.genre_deviations)

    def standout_tags(
        self, odds: NDArray[np.float64], *, first: str | None = None, without: str = ""
    ) -> list[tuple[str, float]]:
        """Return the tags that a track stands out by, the most outstanding first.

        Args:
            odds: mean log odds of the track's tags, shape (50,), as ``mean_log_odds``.
            first: a tag to return first in any case.
            without: a genre that is told anyway, so that its tag is not.

        Returns:
            Up to ``MAX_TAGS`` tags with their likelihoods.

        """
        outstanding = (odds - self._means) / self._deviations
        ranked = [TAG_NAMES[index] for index in np.argsort(-outstanding)]
        told: list[str] = [first] if first else []
        for name in ranked:
            known = name in NOT_TOLD or _spelled(name) == _spelled(without)
            known = known or any(_same_meaning(name, other) for other in told)
            if not known and odds[TAG_NAMES.index(name)] >= self._told_from[TAG_NAMES.index(name)]:
                told.append(name)
        return [(name, _likelihood(odds, name)) for name in told[:MAX_TAGS]]

    def other_style(
        self, odds: NDArray[np.float64], probabilities: NDArray[np.float64], *, sure: bool
    ) -> str | None:
        """Return the style of a track that has none of the ten genres, or None.

        Args:
            odds: as for ``standout_tags``.
            probabilities: of the genres, shape (10,), columns as ``GENRES``.
            sure: whether the likeliest genre would be told without doubt.

        """
        styles = [name for name in TAG_NAMES if name not in NOT_TOLD | NO_STYLE]
        style = max(styles, key=lambda name: odds[TAG_NAMES.index(name)])
        index, genre = TAG_NAMES.index(style), int(probabilities.argmax())
        deviation = odds[index] - self._genre_means[genre, index]
        unusual = deviation >= UNUSUAL_FROM * self._genre_deviations[genre, index]
        likelihood = _likelihood(odds, style)
        if style in FOREIGN_STYLES and likelihood >= FOREIGN_FROM and (unusual or not sure):
            return style
        if (
            style in NEIGHBOURING_STYLES
            and likelihood >= NEIGHBOURING_FROM
            and unusual
            and not sure
        ):
            return style
        return None


def mean_log_odds(tags: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the mean log odds of each tag over audible chunks, shape (n, 50) to (50,)."""
    odds: NDArray[np.float64] = log_odds(tags).mean(axis=0)
    return odds


def _likelihood(odds: NDArray[np.float64], name: str) -> float:
    return float(1 / (1 + np.exp(-odds[TAG_NAMES.index(name)])))


def _same_meaning(one: str, other: str) -> bool:
    return one == other or any({one, other} <= words for words in SYNONYMS)


def _spelled(name: str) -> str:
    """Spell a tag and a genre alike: "Hip-Hop" and "hiphop"."""
    return name.casefold().replace("-", "")
