"""The arithmetic of the conversion: batch norms made into factors and offsets.

A batch norm at rest is y = factor * x + offset for each channel, with the averages it has
learned. Everything is worked out in double precision and kept in single.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from training.tagger_conversion.wheel import ConversionError

Array = NDArray[np.float32]
Exact = NDArray[np.float64]

EPSILON: Final = 1e-3
"""What tf.layers.batch_normalization adds to the variance; the package leaves its default."""


@dataclass(frozen=True, eq=False)
class Affine:
    """``factor * x + offset``, float64 of shape (channels,) each."""

    factor: Exact
    offset: Exact


class Variables:
    """The checkpoint's variables, each asked for with the shape it has to have."""

    def __init__(self, weights: Mapping[str, Array]) -> None:
        self._weights = weights

    def get(self, name: str, *shape: int) -> Exact:
        """Return a variable in double precision.

        Raises:
            ConversionError: it is missing, or has another shape.

        """
        found = self._weights.get(name)
        if found is None or found.shape != shape:
            what = "is missing" if found is None else f"has the shape {found.shape}, not {shape}"
            raise ConversionError(f"the checkpoint's variable {name} {what}")
        return found.astype(np.float64)

    def norm(self, number: int, channels: int) -> Affine:
        """Return the batch norm of a number in order of construction, from 0."""
        layer = _numbered("batch_normalization", number)
        gamma, beta, mean, variance = (
            self.get(f"{layer}/{part}", channels)
            for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        factor = gamma / np.sqrt(variance + EPSILON)
        return Affine(factor, beta - factor * mean)

    def conv(self, number: int, *shape: int) -> tuple[Exact, Exact]:
        """Return kernel (time, frequency, 1, filters) and bias (filters,) of a convolution."""
        layer = _numbered("conv2d", number)
        return self.get(f"{layer}/kernel", *shape), self.get(f"{layer}/bias", shape[-1])

    def dense(self, number: int, *shape: int) -> tuple[Exact, Exact]:
        """Return kernel (inputs, outputs) and bias (outputs,) of a dense layer."""
        layer = _numbered("dense", number)
        return self.get(f"{layer}/kernel", *shape), self.get(f"{layer}/bias", shape[-1])


@dataclass(frozen=True, eq=False)
class Dense:
    """A dense layer that has the batch norm before it folded in, float64."""

    kernel: Exact
    bias: Exact

    @classmethod
    def after(cls, norm: Affine, kernel: Exact, bias: Exact) -> Self:
        """Fold: (f x + o) K + b = x (f K) + (o K + b)."""
        return cls(norm.factor[:, None] * kernel, norm.offset @ kernel + bias)


def _numbered(kind: str, number: int) -> str:
    """Return a layer's name as TensorFlow gives it: kind, kind_1, kind_2 and so on."""
    return f"{kind}_{number}" if number else kind
