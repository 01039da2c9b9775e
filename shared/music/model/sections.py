"""Sections of a track: where its sound changes for good.

Gain-free features and log odds of the tags of each chunk are projected on a few directions in which
tracks differ from each other but not within themselves: linear discriminants whose classes are
tracks (probabilistic LDA; Ioffe 2006, Prince and Elder 2007). Along these directions the chunks of
a section scatter around its mean with variance 1, and the means of sections with the variance
``between``. The evidence that chunks have one common mean then has a closed form, and the best
segmentation, with a cost for each boundary, is found by dynamic programming (optimal partitioning;
Jackson et al. 2005).
"""

import itertools
from typing import Annotated, Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.music.features.gain_invariance import GAIN_FREE_NAMES, gain_free
from shared.music.model.aggregation import log_odds
from shared.music.tagging.tagger import TAG_NAMES

SECTION_COLUMNS: Final = len(GAIN_FREE_NAMES) + len(TAG_NAMES)
"""Columns of a chunk here: gain-free features, and log odds of the tags (106)."""

_Row = Annotated[tuple[float, ...], Field(min_length=1)]
_Columns = Annotated[
    tuple[float, ...], Field(min_length=SECTION_COLUMNS, max_length=SECTION_COLUMNS)
]


class SectionParameters(BaseModel):
    """Parameters of the segmentation, as they are stored in a model's metadata.

    Attributes:
        means: mean of each column over the training chunks.
        scales: standard deviation of each column, above 0.
        bound: standardized values are clipped at this value, on both sides.
        projection: a row for each column, with a value for each direction.
        between: variance of the tracks' means along each direction, above 0.
        evidence: weight of a chunk's evidence, below 1 as neighbouring chunks are alike.
        boundary_cost: evidence that a boundary has to bring, in nats.
        min_chunks: shortest section, in chunks.

    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    means: _Columns
    scales: _Columns
    bound: float = Field(gt=0)
    projection: tuple[_Row, ...]
    between: tuple[Annotated[float, Field(gt=0)], ...] = Field(min_length=1)
    evidence: float = Field(gt=0, le=1)
    boundary_cost: float = Field(ge=0)
    min_chunks: int = Field(ge=1)

    @model_validator(mode="after")
    def _check_shapes(self) -> Self:
        if min(self.scales) <= 0:
            raise ValueError("the scales of the sections' columns are not above 0")
        widths = {len(row) for row in self.projection}
        if len(self.projection) != SECTION_COLUMNS or widths != {len(self.between)}:
            raise ValueError(
                f"the sections' projection is not {SECTION_COLUMNS} by {len(self.between)}"
            )
        return self


class Segmenter:
    """Cuts a track into sections.

    Args:
        parameters: as they were fitted.

    """

    def __init__(self, parameters: SectionParameters) -> None:
        self._parameters = parameters
        self._means = np.array(parameters.means)
        self._scales = np.array(parameters.scales)
        self._projection = np.array(parameters.projection)
        self._between = np.array(parameters.between)

    def sections(
        self, features: NDArray[np.float64], tags: NDArray[np.floating]
    ) -> list[tuple[int, int]]:
        """Cut audible chunks into sections.

        Args:
            features: shape (n, 57), n at least 1, columns as ``FEATURE_NAMES``.
            tags: shape (n, 50), likelihoods without NaN, columns as ``TAG_NAMES``.

        Returns:
            The first chunk of each section, and the chunk after its last.

        """
        bound = self._parameters.bound
        columns = (np.hstack((gain_free(features), log_odds(tags))) - self._means) / self._scales
        return self._partition(columns.clip(-bound, bound) @ self._projection)

    def _partition(self, projected: NDArray[np.float64]) -> list[tuple[int, int]]:
        """Find the segmentation with the greatest evidence, less the cost of its boundaries."""
        count, shortest = len(projected), self._parameters.min_chunks
        if count < 2 * shortest:
            return [(0, count)]
        sums = np.vstack((np.zeros(projected.shape[1]), projected.cumsum(axis=0)))
        best = np.full(count + 1, -np.inf)
        best[0] = self._parameters.boundary_cost  # the first section has no boundary before it
        previous = np.zeros(count + 1, int)
        for end in range(shortest, count + 1):
            starts = np.arange(end - shortest + 1)
            total = best[starts] + self._log_evidence(sums[end] - sums[starts], end - starts)
            previous[end] = int(total.argmax())
            best[end] = total[previous[end]] - self._parameters.boundary_cost
        ends = [count]
        while ends[-1]:
            ends.append(int(previous[ends[-1]]))
        return list(itertools.pairwise(reversed(ends)))

    def _log_evidence(
        self, sums: NDArray[np.float64], counts: NDArray[np.int_]
    ) -> NDArray[np.float64]:
        """Return the log marginal likelihood that each candidate section has one common mean.

        Terms that all segmentations have in common are left out.

        Args:
            sums: sums of the candidates' projected chunks, shape (candidates, directions).
            counts: their numbers of chunks, shape (candidates,).

        """
        weight = self._parameters.evidence
        spread = 1 + weight * counts[:, None] * self._between
        fits = (weight * sums) ** 2 * self._between / spread - np.log(spread)
        evidence: NDArray[np.float64] = fits.sum(axis=1) / 2
        return evidence
