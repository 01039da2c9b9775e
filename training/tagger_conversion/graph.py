"""The network MSD_musicnn as an ONNX graph.

After Pons & Serra, "musicnn: Pre-trained convolutional neural networks for music audio
tagging" (2019), and the package's models.py: every block is convolution (or dense layer),
ReLU, batch norm, in this order; the front end's blocks end with a maximum over frequency.

Channels stand before time here, so that a layer's result goes into the next one as it is.
Batch norms at rest are factors and offsets; in the back end, where nothing is padded, they
are folded into the dense layer behind them.

Dead filters are left out. What they always give goes into the dense layer's bias, and through
the convolutions over time, whose ends are padded with zeros, by one channel of ones.

The front end takes nearly all of the time, and its ReLUs and batch norms would run on every
frequency before the maximum keeps one of them. Here they run after it, on what is kept: ReLU
never falls, so the maximum may come first. Where a norm's factor is negative the maximum of
its results is made of the smallest value that goes in, so these filters are turned over
(the greatest of -x is the smallest of x) and their maxima turned back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from shared.music.constants import N_TAGS, PATCH_FRAMES, TAGGER_N_MELS
from training.tagger_conversion.layers import (
    DEAD_BELOW,
    Affine,
    Array,
    Channels,
    Dense,
    Exact,
    Variables,
)

OPSET: Final = 17
"""Old enough for every onnxruntime since 1.12 (2022), and nothing newer is needed."""

IR_VERSION: Final = 8

TIMBRAL: Final = ((7, 38), (7, 67))
"""Kernels (frames, bands) of the two timbral blocks: 0.4 and 0.7 of the bands, rounded down."""

TEMPORAL: Final = (128, 64, 32)
"""Kernels, in frames, of the three temporal blocks."""

TIMBRAL_FILTERS: Final = 204
TEMPORAL_FILTERS: Final = 51
FRONT: Final = len(TIMBRAL) * TIMBRAL_FILTERS + len(TEMPORAL) * TEMPORAL_FILTERS
"""Channels that leave the front end (561)."""

MIDDLE: Final = 64
"""Channels of each layer in the middle."""

MIDDLE_FRAMES: Final = 7
POOLED: Final = FRONT + 3 * MIDDLE
"""Channels whose maximum and mean over time the back end takes (753)."""

HIDDEN: Final = 200


def build_model(weights: Mapping[str, Array], dead_below: float = DEAD_BELOW) -> ModelProto:
    """Return the network: ``patches`` (n, 187, 96) to ``tags`` (n, 50), both float32.

    Args:
        weights: the checkpoint's variables by name.
        dead_below: norm of its weights below which a filter is left out; 0 keeps all.

    Raises:
        ConversionError: a variable is missing or has another shape.

    """
    graph = _Graph()
    variables = Variables(weights)
    front = _front_end(graph, variables, dead_below)
    _back_end(graph, variables, [front, *_middle(graph, variables, front, dead_below)])
    return graph.model()


@dataclass(frozen=True, eq=False)
class _Layer:
    """A layer's result: shape (n, channels that vary, 187)."""

    name: str
    channels: Channels


class _Graph:
    """Collects nodes and their constants; results and constants are numbered."""

    def __init__(self) -> None:
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []

    def add(self, kind: str, inputs: list[str], name: str = "", **attributes: Any) -> str:
        """Add an operation and return the name of its result."""
        name = name or f"{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def constant(self, value: NDArray[Any]) -> str:
        """Keep a constant (float64 becomes float32) and return its name."""
        name = f"constant_{len(self._constants)}"
        kept = value.astype(np.float32) if value.dtype == np.float64 else value
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(kept), name))
        return name

    def affine(self, source: str, norm: Affine) -> str:
        """Scale and shift channels, the last dimension but one."""
        scaled = self.add("Mul", [source, self.constant(norm.factor[:, None])])
        return self.add("Add", [scaled, self.constant(norm.offset[:, None])])

    def over_time(self, source: str, kernel: Exact, bias: Exact, norm: Affine) -> str:
        """Add a convolution with zeros around, kernel (frames, channels, filters), and ReLU."""
        constants = [self.constant(kernel.transpose(2, 1, 0)), self.constant(bias)]
        reach = len(kernel) // 2
        waves = self.add("Conv", [source, *constants], pads=[reach, reach])
        return self.affine(self.add("Relu", [waves]), norm)

    def model(self) -> ModelProto:
        patches = helper.make_tensor_value_info(
            "patches", TensorProto.FLOAT, ["n", PATCH_FRAMES, TAGGER_N_MELS]
        )
        tags = helper.make_tensor_value_info("tags", TensorProto.FLOAT, ["n", N_TAGS])
        graph = helper.make_graph(
            self._nodes, "MSD_musicnn", [patches], [tags], initializer=self._constants
        )
        # No version of the writing library: the same wheel makes the same bytes.
        return helper.make_model(
            graph,
            producer_name="genrebot",
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid("", OPSET)],
        )


def _front_end(graph: _Graph, variables: Variables, dead_below: float) -> _Layer:
    """Add the five blocks over the log-mel patch; their result has 561 channels."""
    image = graph.add("Unsqueeze", ["patches", graph.constant(np.array([1]))])
    image = graph.affine(image, variables.norm(0, 1))
    # Only time is padded: beyond the bands there is nothing to hear.
    shapes = [(*kernel, TIMBRAL_FILTERS) for kernel in TIMBRAL]
    shapes += [(frames, 1, TEMPORAL_FILTERS) for frames in TEMPORAL]
    peaks, signs, norms, parts = [], [], [], []
    for number, (frames, bands, filters) in enumerate(shapes):
        kernel, bias = variables.conv(number, frames, bands, 1, filters)
        norm = variables.norm(number + 1, filters)
        channels = Channels.of(kernel, bias, norm, dead_below)
        sign = np.where(norm.factor < 0, -1.0, 1.0)
        alive = channels.alive
        turned = [graph.constant((kernel * sign)[..., alive].transpose(3, 2, 0, 1))]
        turned.append(graph.constant((bias * sign)[alive]))
        # "Same" as TensorFlow does it: an even kernel has the odd frame of padding behind.
        before, behind = (frames - 1) // 2, frames // 2
        waves = graph.add("Conv", [image, *turned], pads=[before, 0, behind, 0])
        peaks.append(graph.add("ReduceMax", [waves], axes=[3], keepdims=0))
        signs.append(sign[alive])
        norms.append(norm.only(alive))
        parts.append(channels)
    joined = graph.add("Concat", peaks, axis=1)
    turned_back = graph.add("Mul", [joined, graph.constant(np.concatenate(signs)[:, None])])
    whole = Affine(
        np.concatenate([norm.factor for norm in norms]),
        np.concatenate([norm.offset for norm in norms]),
    )
    return _Layer(graph.affine(graph.add("Relu", [turned_back]), whole), Channels.joined(parts))


def _middle(graph: _Graph, variables: Variables, front: _Layer, dead_below: float) -> list[_Layer]:
    """Add three layers over time, each of 64 channels; the later two are residuals.

    Only the first layer's dead filters are left out: the residuals bring back all channels.
    """
    kernel, bias, norm = _over_time(variables, 0, FRONT)
    channels = Channels.of(kernel, bias, norm, dead_below)
    source = _with_ones(graph, front)
    alive = channels.alive
    kernel = front.channels.with_ones(kernel[..., alive])
    waves = graph.over_time(source, kernel, bias[alive], norm.only(alive))
    layers = [_Layer(waves, channels)]
    for number in (1, 2):
        source, channels = _with_ones(graph, layers[-1]), layers[-1].channels
        kernel, bias, norm = _over_time(variables, number, MIDDLE)
        waves = graph.over_time(source, channels.with_ones(kernel), bias, norm)
        if not channels.alive.all():
            spread = channels.with_ones(np.eye(MIDDLE)).T
            source = graph.add("MatMul", [graph.constant(spread), source])
        layers.append(_Layer(graph.add("Add", [waves, source]), Channels.varying(MIDDLE)))
    return layers


def _over_time(variables: Variables, number: int, channels: int) -> tuple[Exact, Exact, Affine]:
    """Return kernel (7, channels, 64), bias and norm of a layer in the middle, from 0."""
    kernel, bias = variables.conv(5 + number, MIDDLE_FRAMES, channels, 1, MIDDLE)
    # TensorFlow has the channels before as its image's other axis: they are channels here.
    return kernel[:, :, 0], bias, variables.norm(6 + number, MIDDLE)


def _with_ones(graph: _Graph, layer: _Layer) -> str:
    """Put a channel of ones behind those that vary, where not all do."""
    if layer.channels.alive.all():
        return layer.name
    behind = graph.constant(np.array([0, 0, 0, 0, 1, 0]))
    return graph.add("Pad", [layer.name, behind, graph.constant(np.array(1.0))])


def _back_end(graph: _Graph, variables: Variables, layers: list[_Layer]) -> None:
    """Add the pooling over time and the dense layers down to ``tags``."""
    features = graph.add("Concat", [layer.name for layer in layers], axis=1)
    channels = Channels.joined([layer.channels for layer in layers])
    peak = graph.add("ReduceMax", [features], axes=[2], keepdims=0)
    mean = graph.add("ReduceMean", [features], axes=[2], keepdims=0)
    pooled = graph.add("Concat", [peak, mean], axis=1)
    hidden = Dense.after(variables.norm(9, 2 * POOLED), *variables.dense(0, 2 * POOLED, HIDDEN))
    # The checkpoint has maximum and mean of each channel side by side.
    by_channel = hidden.kernel.reshape(POOLED, 2, HIDDEN)
    kernel = by_channel[channels.alive].transpose(1, 0, 2).reshape(-1, HIDDEN)
    bias = hidden.bias + channels.rest @ by_channel.sum(axis=1)
    constants = [graph.constant(kernel), graph.constant(bias)]
    units = graph.add("Relu", [graph.add("Gemm", [pooled, *constants])])
    out = Dense.after(variables.norm(10, HIDDEN), *variables.dense(1, HIDDEN, N_TAGS))
    logits = graph.add("Gemm", [units, graph.constant(out.kernel), graph.constant(out.bias)])
    graph.add("Sigmoid", [logits], "tags")
