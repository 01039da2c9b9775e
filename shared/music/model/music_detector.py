"""What tells music from speech, noise and tones, before anybody asks for a genre.

Multinomial logistic regression on a stretch of chunks: each chunk's gain-free features and
tags become distances from what is usual in music, bounded, and their mean over the stretch
is weighed. Bounds keep a sound unlike anything the gate has learned from counting for more
than the strangest it has. ``services/trainer/gate.py`` fits it.
"""

from typing import Annotated, Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.music.features.gain_invariance import GAIN_FREE_NAMES, gain_free
from shared.music.features.table import FEATURE_NAMES
from shared.music.model.families import FAMILIES, Family
from shared.music.tagging.tagger import TAG_NAMES

NOT_MUSIC_BELOW: Final = 0.35
"""A track that is music with less probability than this is likelier something else.

Cross-validated by artist, none of 579 tracks of GTZAN lies below it.
"""

DOUBTFUL_BELOW: Final = 0.75
"""A track that is music with less probability than this should get no confident genre.

About one in 150 tracks of GTZAN lies below it.
"""

STRANGE_ABOVE: Final = 1.5
"""A track stranger than this should get no confident genre either, however likely music.

No track of GTZAN is stranger. Of alarms, beeps and knocks that were kept from a fit every
one that it took for music is.
"""

_TAG_PREFIX: Final = "tag:"
COLUMN_NAMES: Final[tuple[str, ...]] = (
    *GAIN_FREE_NAMES,
    *(f"{_TAG_PREFIX}{tag}" for tag in TAG_NAMES),
)
"""All that the gate may look at: gain-free features, and the tags' log odds."""

ODDS_FLOOR: Final = 1e-4
"""Likelihoods of a tag below this, or above 1 less this, count as if they were there."""

_Row = Annotated[tuple[float, ...], Field(min_length=1)]


class MusicDetectorParameters(BaseModel):
    """A fitted gate, small enough to stand in a model's sidecar.

    Attributes:
        columns: what it looks at, out of ``COLUMN_NAMES``.
        means: what is usual in music, by column.
        scales: standard deviation in music by column, above 0.
        bound: how many of them a chunk may be off at most, on either side.
        classes: ``FAMILIES``.
        weights: by class, then by column.
        bias: by class.

    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    columns: tuple[str, ...] = Field(min_length=1)
    means: _Row
    scales: tuple[Annotated[float, Field(gt=0)], ...]
    bound: float = Field(gt=0)
    classes: tuple[Family, ...] = FAMILIES
    weights: tuple[_Row, ...]
    bias: _Row

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if unknown := sorted(set(self.columns) - set(COLUMN_NAMES)):
            raise ValueError(f"the gate looks at columns unknown here: {', '.join(unknown)}")
        if self.classes != FAMILIES:
            raise ValueError(f"the gate's classes are not {', '.join(FAMILIES)}")
        width = len(self.columns)
        rows = (self.means, self.scales, *self.weights)
        if any(len(row) != width for row in rows):
            raise ValueError(f"the gate has rows that are not of its {width} columns")
        if not len(self.weights) == len(self.bias) == len(FAMILIES):
            raise ValueError("the gate has not one row of weights and one bias for each class")
        return self


class MusicDetector:
    """Tells what a stretch of chunks is.

    Args:
        parameters: as ``fit_music_detector`` has fitted them.

    """

    def __init__(self, parameters: MusicDetectorParameters) -> None:
        self.parameters = parameters
        self._places = [COLUMN_NAMES.index(name) for name in parameters.columns]
        self._means = np.array(parameters.means)
        self._scales = np.array(parameters.scales)
        self._weights = np.array(parameters.weights)
        self._bias = np.array(parameters.bias)

    def probabilities(
        self, features: NDArray[np.float64], tags: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """Return how likely a stretch is each of ``FAMILIES``.

        Args:
            features: shape (n, 57), the stretch's chunks, columns as ``FEATURE_NAMES``, at
                whatever volume.
            tags: shape (n, 50), columns as ``TAG_NAMES``, heard at the tagger's level;
                a row of NaN for a silent chunk, which is left out.

        Returns:
            float64 of shape (4,), columns as ``FAMILIES``; they sum to 1.

        Raises:
            ValueError: other shapes, or no chunk that can be heard.

        """
        return self.weigh(self._heard(features, tags).mean(axis=0))

    def strangeness(self, features: NDArray[np.float64], tags: NDArray[np.floating]) -> float:
        """Return how unlike music a stretch is, whatever else it may be.

        It is the root mean square of a chunk's distances, in standard deviations of music,
        in the mean over the stretch: about 1 for music, and ``bound`` at most.

        Args:
            features: as for ``probabilities``.
            tags: likewise.

        Raises:
            ValueError: likewise.

        """
        squares = np.square(self._heard(features, tags))
        return float(np.sqrt(squares.mean(axis=1)).mean())

    def _heard(
        self, features: NDArray[np.float64], tags: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """Return the distances of the chunks that can be heard."""
        heard = ~np.isnan(tags).any(axis=-1)
        if not heard.any():
            raise ValueError("a stretch without a chunk that can be heard is nothing but silence")
        return self.distances(features[heard], tags[heard])

    def distances(
        self, features: NDArray[np.float64], tags: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """Return how far chunks are from what is usual in music, shape (n, columns).

        Args:
            features: as for ``probabilities``.
            tags: likewise, but without NaN.

        Raises:
            ValueError: other shapes.

        """
        table = columns_of(features, tags)[:, self._places]
        bound = self.parameters.bound
        off: NDArray[np.float64] = (table - self._means) / self._scales
        return off.clip(-bound, bound)

    def weigh(self, distances: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn distances, shape (..., columns), into probabilities, shape (..., 4)."""
        scores = distances @ self._weights.T + self._bias
        powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares: NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
        return shares


def columns_of(features: NDArray[np.float64], tags: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return all that a gate may look at of chunks, shape (n, 106), columns as ``COLUMN_NAMES``.

    Args:
        features: shape (n, 57), columns as ``FEATURE_NAMES``.
        tags: shape (n, 50), columns as ``TAG_NAMES``, likelihoods without NaN.

    Raises:
        ValueError: other shapes.

    """
    if features.shape != (len(tags), len(FEATURE_NAMES)) or tags.shape[1:] != (len(TAG_NAMES),):
        raise ValueError(
            f"features and tags are (n, {len(FEATURE_NAMES)}) and (n, {len(TAG_NAMES)}), "
            f"not {features.shape} and {tags.shape}"
        )
    likelihoods = np.clip(tags.astype(np.float64), ODDS_FLOOR, 1 - ODDS_FLOOR)
    return np.hstack((gain_free(features), np.log(likelihoods / (1 - likelihoods))))
