"""The arithmetic of the conversion: batch norms made into factors and offsets.

A batch norm at rest is y = factor * x + offset for each channel, with the averages it has
learned. Everything is worked out in double precision and kept in single.

Most of the published network's filters have died in training: their weights are zero but for
rounding, so they give the same value at every time, whatever is heard.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from training.tagger_conversion.wheel import ConversionError

Array = NDArray[np.float32]
Exact = NDArray[np.float64]

EPSILON: Final = 1e-3
"""What tf.layers.batch_normalization adds to the variance; the package leaves its default."""

DEAD_BELOW: Final = 1e-6
"""Norm of a filter's weights below which it is dead: the published network's dead ones have
7e-8 at most, and their batch norms make even less of that; the others have 1.3e-6 at least."""


@dataclass(frozen=True, eq=False)
class Affine:
    """``factor * x + offset``, float64 of shape (channels,) each."""

    factor: Exact
    offset: Exact

    def only(self, channels: NDArray[np.bool_]) -> Self:
        """Return it for some of the channels."""
        return type(self)(self.factor[channels], self.offset[channels])


@dataclass(frozen=True, eq=False)
class Channels:
    """Which of a layer's channels vary, and what the others always are.

    Attributes:
        alive: bool of shape (channels,).
        rest: float64 of shape (channels,), the values of those that are not; else zero.

    """

    alive: NDArray[np.bool_]
    rest: Exact

    @classmethod
    def of(cls, kernel: Exact, bias: Exact, norm: Affine, dead_below: float) -> Self:
        """Say so of a convolution's filters (the kernel's last axis), with ReLU and norm behind."""
        alive = np.sqrt(np.square(kernel).sum(axis=tuple(range(kernel.ndim - 1)))) >= dead_below
        return cls(alive, np.where(alive, 0.0, norm.factor * np.maximum(bias, 0) + norm.offset))

    @classmethod
    def varying(cls, count: int) -> Self:
        """Channels that all vary."""
        return cls(np.ones(count, bool), np.zeros(count))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Put channels of several layers one behind the other."""
        return cls(
            np.concatenate([part.alive for part in parts]),
            np.concatenate([part.rest for part in parts]),
        )

    def with_ones(self, kernel: Exact) -> Exact:
        """Fit a kernel over these channels to the varying ones and, where others are, one of ones.

        Args:
            kernel: shape (..., channels, outputs).

        Returns:
            Shape (..., varying channels and one, outputs). Zero-padded as they are, the ones
            bring what the other channels add up to, at the ends too.

        """
        varying = kernel[..., self.alive, :]
        if self.alive.all():
            return varying
        return np.concatenate((varying, (self.rest @ kernel)[..., None, :]), axis=-2)


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
