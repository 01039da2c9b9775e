"""The music detector: whether a track is music, speech, noise or a tone.

It is a multinomial logistic regression. Gain-free features and tags of each chunk are standardized
by their mean and deviation in music and clipped, and the mean over the track is weighed. Clipping
keeps an unknown kind of sound from counting for more than the strangest sound of the training.
``training.fitting.music_detector`` fits it.
"""

from typing import Annotated, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.music.features.gain_invariance import GAIN_FREE_NAMES, gain_free
from shared.music.features.table import FEATURE_NAMES
from shared.music.model.aggregation import TAG_PREFIX, log_odds
from shared.music.tagging.tagger import TAG_NAMES

Family = Literal["music", "speech", "noise", "tone"]
FAMILIES: Final[tuple[Family, ...]] = ("music", "speech", "noise", "tone")
"""What a track may be, in the order of every result here. Only music has a genre."""

NOT_MUSIC_BELOW: Final = 0.35
"""A track with a lower probability of being music is told to be no music.

In artist-grouped cross-validation none of GTZAN's tracks is below it.
"""

DOUBTFUL_BELOW: Final = 0.75
"""A track with a lower probability of being music gets no sure verdict.

About one in 150 of GTZAN's tracks is below it.
"""

STRANGE_ABOVE: Final = 1.5
"""A track with a greater strangeness gets no sure verdict.

No track of GTZAN is above it. Every alarm, beep and knock that was held out of a fit and taken for
music is.
"""

COLUMN_NAMES: Final[tuple[str, ...]] = (
    *GAIN_FREE_NAMES,
    *(f"{TAG_PREFIX}{tag}" for tag in TAG_NAMES),
)
"""All columns that a detector may use: gain-free features, and log odds of the tags."""

DETECTOR_FLOOR: Final = 1e-4
"""Floor of the tags' likelihoods in these columns, coarser than that of aggregated windows."""

_Row = Annotated[tuple[float, ...], Field(min_length=1)]


class MusicDetectorParameters(BaseModel):
    """Parameters of a fitted detector, as they are stored in a model's metadata.

    Attributes:
        columns: the columns that it uses, out of ``COLUMN_NAMES``.
        means: mean of each column in music.
        scales: standard deviation of each column in music, above 0.
        bound: standardized values are clipped at this value, on both sides.
        classes: ``FAMILIES``.
        weights: a row for each class, with a weight for each column.
        bias: one for each class.

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
    def _check_shapes(self) -> Self:
        if unknown := sorted(set(self.columns) - set(COLUMN_NAMES)):
            raise ValueError(f"the music detector has unknown columns: {', '.join(unknown)}")
        if self.classes != FAMILIES:
            raise ValueError(f"the music detector's classes are not {', '.join(FAMILIES)}")
        width = len(self.columns)
        rows = (self.means, self.scales, *self.weights)
        if any(len(row) != width for row in rows):
            raise ValueError(f"the music detector has rows that do not fit its {width} columns")
        if not len(self.weights) == len(self.bias) == len(FAMILIES):
            raise ValueError("the music detector needs weights and a bias for each class")
        return self


class MusicDetector:
    """Tells which of ``FAMILIES`` a track is.

    Args:
        parameters: as fitted by ``fit_music_detector``.

    """

    def __init__(self, parameters: MusicDetectorParameters) -> None:
        self.parameters = parameters
        self._indices = [COLUMN_NAMES.index(name) for name in parameters.columns]
        self._means = np.array(parameters.means)
        self._scales = np.array(parameters.scales)
        self._weights = np.array(parameters.weights)
        self._bias = np.array(parameters.bias)

    def probabilities(
        self, features: NDArray[np.float64], tags: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """Return the probability of each of ``FAMILIES`` for a track.

        Args:
            features: shape (n, 57), a row for each chunk, columns as ``FEATURE_NAMES``.
            tags: shape (n, 50), likelihoods, columns as ``TAG_NAMES``. Chunks with a row of
                NaN are silent and left out.

        Returns:
            float64 of shape (4,), columns as ``FAMILIES``, with the sum 1.

        Raises:
            ValueError: other shapes, or nothing but silent chunks.

        """
        return self.softmax(self._audible(features, tags).mean(axis=0))

    def strangeness(self, features: NDArray[np.float64], tags: NDArray[np.floating]) -> float:
        """Return how much a track differs from music.

        It is the root mean square of a chunk's standardized values, averaged over the chunks:
        about 1 for music, and at most ``bound``.

        Args:
            features: as for ``probabilities``.
            tags: as for ``probabilities``.

        Raises:
            ValueError: as ``probabilities``.

        """
        squares = np.square(self._audible(features, tags))
        return float(np.sqrt(squares.mean(axis=1)).mean())

    def _audible(
        self, features: NDArray[np.float64], tags: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """Return the standardized values of the audible chunks."""
        audible = ~np.isnan(tags).any(axis=-1)
        if not audible.any():
            raise ValueError("the music detector needs a chunk that is not silent")
        return self.standardized(features[audible], tags[audible])

    def standardized(
        self, features: NDArray[np.float64], tags: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """Return the columns of chunks in standard deviations from their mean in music, clipped.

        Args:
            features: as for ``probabilities``.
            tags: as for ``probabilities``, but without NaN.

        Returns:
            Shape (n, number of columns).

        Raises:
            ValueError: other shapes.

        """
        table = columns_of(features, tags)[:, self._indices]
        bound = self.parameters.bound
        values: NDArray[np.float64] = (table - self._means) / self._scales
        return values.clip(-bound, bound)

    def softmax(self, standardized: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn standardized columns, shape (..., columns), into probabilities, shape (..., 4)."""
        scores = standardized @ self._weights.T + self._bias
        powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
        probabilities: NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
        return probabilities


def columns_of(features: NDArray[np.float64], tags: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return all columns that a detector may use, shape (n, 106), as ``COLUMN_NAMES``.

    Args:
        features: shape (n, 57), columns as ``FEATURE_NAMES``.
        tags: shape (n, 50), likelihoods without NaN, columns as ``TAG_NAMES``.

    Raises:
        ValueError: other shapes.

    """
    if features.shape != (len(tags), len(FEATURE_NAMES)) or tags.shape[1:] != (len(TAG_NAMES),):
        raise ValueError(
            f"features and tags are (n, {len(FEATURE_NAMES)}) and (n, {len(TAG_NAMES)}), "
            f"not {features.shape} and {tags.shape}"
        )
    return np.hstack((gain_free(features), log_odds(tags, DETECTOR_FLOOR)))
