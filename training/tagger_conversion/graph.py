"""The network MSD_musicnn as an ONNX graph.

After Pons & Serra, "musicnn: Pre-trained convolutional neural networks for music audio
tagging" (2019), and the package's models.py: every block is convolution (or dense layer),
ReLU, batch norm, in this order; the front end's blocks end with a maximum over frequency.

Channels stand before time here, so that a layer's result goes into the next one as it is.
Batch norms at rest are factors and offsets; in the back end, where nothing is padded, they
are folded into the dense layer behind them.

The front end takes nearly all of the time, and its ReLUs and batch norms would run on every
frequency before the maximum keeps one of them. Here they run after it, on what is kept: ReLU
never falls, so the maximum may come first. Where a norm's factor is negative the maximum of
its results is made of the smallest value that goes in, so these filters are turned over
(the greatest of -x is the smallest of x) and their maxima turned back.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from shared.music.constants import N_TAGS, PATCH_FRAMES, TAGGER_N_MELS
from training.tagger_conversion.layers import Affine, Array, Dense, Variables

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


def build_model(weights: Mapping[str, Array]) -> ModelProto:
    """Return the network: ``patches`` (n, 187, 96) to ``tags`` (n, 50), both float32.

    Args:
        weights: the checkpoint's variables by name.

    Raises:
        ConversionError: a variable is missing or has another shape.

    """
    graph = _Graph()
    variables = Variables(weights)
    front = _front_end(graph, variables)
    features = graph.add("Concat", [front, *_middle(graph, variables, front)], axis=1)
    _back_end(graph, variables, features)
    return graph.model()


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


def _front_end(graph: _Graph, variables: Variables) -> str:
    """Add the five blocks over the log-mel patch; their result is (n, 561, 187)."""
    image = graph.add("Unsqueeze", ["patches", graph.constant(np.array([1]))])
    image = graph.affine(image, variables.norm(0, 1))
    # Only time is padded: beyond the bands there is nothing to hear.
    shapes = [(*kernel, TIMBRAL_FILTERS) for kernel in TIMBRAL]
    shapes += [(frames, 1, TEMPORAL_FILTERS) for frames in TEMPORAL]
    peaks, signs, norms = [], [], []
    for number, (frames, bands, filters) in enumerate(shapes):
        kernel, bias = variables.conv(number, frames, bands, 1, filters)
        norm = variables.norm(number + 1, filters)
        sign = np.where(norm.factor < 0, -1.0, 1.0)
        turned = [graph.constant((kernel * sign).transpose(3, 2, 0, 1))]
        turned.append(graph.constant(bias * sign))
        # "Same" as TensorFlow does it: an even kernel has the odd frame of padding behind.
        before, behind = (frames - 1) // 2, frames // 2
        waves = graph.add("Conv", [image, *turned], pads=[before, 0, behind, 0])
        peaks.append(graph.add("ReduceMax", [waves], axes=[3], keepdims=0))
        signs.append(sign)
        norms.append(norm)
    joined = graph.add("Concat", peaks, axis=1)
    turned_back = graph.add("Mul", [joined, graph.constant(np.concatenate(signs)[:, None])])
    whole = Affine(
        np.concatenate([norm.factor for norm in norms]),
        np.concatenate([norm.offset for norm in norms]),
    )
    return graph.affine(graph.add("Relu", [turned_back]), whole)


def _middle(graph: _Graph, variables: Variables, front: str) -> list[str]:
    """Add three layers over time, the later two as residuals; each result is (n, 64, 187)."""
    results: list[str] = []
    source, channels = front, FRONT
    for number in range(3):
        kernel, bias = variables.conv(5 + number, MIDDLE_FRAMES, channels, 1, MIDDLE)
        # TensorFlow has the channels before as its image's other axis: they are channels here.
        constants = [graph.constant(kernel[:, :, 0].transpose(2, 1, 0)), graph.constant(bias)]
        reach = MIDDLE_FRAMES // 2
        waves = graph.add("Conv", [source, *constants], pads=[reach, reach])
        result = graph.affine(graph.add("Relu", [waves]), variables.norm(6 + number, MIDDLE))
        if results:
            result = graph.add("Add", [result, source])
        results.append(result)
        source, channels = result, MIDDLE
    return results


def _back_end(graph: _Graph, variables: Variables, features: str) -> None:
    """Add the pooling over time and the dense layers down to ``tags``."""
    peak = graph.add("ReduceMax", [features], axes=[2], keepdims=0)
    mean = graph.add("ReduceMean", [features], axes=[2], keepdims=0)
    pooled = graph.add("Concat", [peak, mean], axis=1)
    hidden = Dense.after(variables.norm(9, 2 * POOLED), *variables.dense(0, 2 * POOLED, HIDDEN))
    # The checkpoint has maximum and mean of each channel side by side.
    rows = np.arange(2 * POOLED).reshape(POOLED, 2).T.ravel()
    constants = [graph.constant(hidden.kernel[rows]), graph.constant(hidden.bias)]
    units = graph.add("Relu", [graph.add("Gemm", [pooled, *constants])])
    out = Dense.after(variables.norm(10, HIDDEN), *variables.dense(1, HIDDEN, N_TAGS))
    logits = graph.add("Gemm", [units, graph.constant(out.kernel), graph.constant(out.bias)])
    graph.add("Sigmoid", [logits], "tags")
