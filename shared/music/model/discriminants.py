"""Linear discriminants, whose scores are added to those of the trees.

Trees see thresholds of single columns, discriminants see directions across columns, and the two
err on different tracks of unknown artists. Both give scores that are sums over columns, so their
weighted sum is one too, and what each column adds to a genre's score can be told (``reasons``).
"""

from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.domain.genres import GENRES
from shared.music.model.aggregation import AGGREGATE_NAMES

_Row = Annotated[tuple[float, ...], Field(min_length=1)]


class DiscriminantParameters(BaseModel):
    """Parameters of fitted discriminants, as they are stored in a model's metadata.

    Attributes:
        share: weight of their scores, from 0 to 1; the trees' scores have the rest.
        columns: the columns that they use, out of ``AGGREGATE_NAMES``.
        means: mean of each column over the training rows.
        scales: standard deviation of each column, above 0.
        bound: standardized values are clipped at this value, on both sides.
        weights: a row for each of ``GENRES``, with a weight for each column.
        bias: one for each of ``GENRES``.

    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    share: float = Field(ge=0, le=1)
    columns: tuple[str, ...] = Field(min_length=1)
    means: _Row
    scales: tuple[Annotated[float, Field(gt=0)], ...]
    bound: float = Field(gt=0)
    weights: tuple[_Row, ...]
    bias: _Row

    @model_validator(mode="after")
    def _check_shapes(self) -> Self:
        if unknown := sorted(set(self.columns) - set(AGGREGATE_NAMES)):
            raise ValueError(f"the discriminants have unknown columns: {', '.join(unknown)}")
        rows = (self.means, self.scales, *self.weights)
        if any(len(row) != len(self.columns) for row in rows):
            raise ValueError(
                f"the discriminants have rows that do not fit {len(self.columns)} columns"
            )
        if not len(self.weights) == len(self.bias) == len(GENRES):
            raise ValueError("the discriminants need weights and a bias for each genre")
        return self


class Discriminants:
    """Computes linear scores of the genres.

    Args:
        parameters: as they were fitted.

    """

    def __init__(self, parameters: DiscriminantParameters) -> None:
        self.share = parameters.share
        self.indices = np.array([AGGREGATE_NAMES.index(name) for name in parameters.columns])
        """Indices of the columns in ``AGGREGATE_NAMES``."""
        self.bias = np.array(parameters.bias)
        self._means = np.array(parameters.means)
        self._scales = np.array(parameters.scales)
        self._bound = parameters.bound
        self._weights = np.array(parameters.weights)

    def scores(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the scores of aggregated windows.

        Args:
            rows: shape (n, 362), columns as ``AGGREGATE_NAMES``.

        Returns:
            Shape (n, 10), columns as ``GENRES``.

        """
        scores: NDArray[np.float64] = self._standardized(rows) @ self._weights.T + self.bias
        return scores

    def pooled(self, rows: NDArray[np.float64], trees: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weighted sum of the trees' scores and of these, shape (n, 10).

        Args:
            rows: as for ``scores``.
            trees: scores of the trees, shape (n, 10), columns as ``GENRES``.

        """
        scores: NDArray[np.float64] = (1 - self.share) * trees + self.share * self.scores(rows)
        return scores

    def contributions(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each column adds to each genre's score, without the bias.

        Args:
            rows: as for ``scores``.

        Returns:
            Shape (n, 10, number of columns).

        """
        contributions: NDArray[np.float64] = self._standardized(rows)[:, None, :] * self._weights
        return contributions

    def _standardized(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        values: NDArray[np.float64] = (rows[:, self.indices] - self._means) / self._scales
        return values.clip(-self._bound, self._bound)
