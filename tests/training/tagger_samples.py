"""A made-up network of MSD_musicnn's build, as a wheel and as a sum of plain steps."""

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from shared.music.tagging.tagger import TAG_NAMES

Weights = dict[str, NDArray[np.float32]]

CONVOLUTIONS = (
    *((7, 38, 1, 204), (7, 67, 1, 204)),
    *((128, 1, 1, 51), (64, 1, 1, 51), (32, 1, 1, 51)),
    *((7, 561, 1, 64), (7, 64, 1, 64), (7, 64, 1, 64)),
)
ALIVE = (24, 14, 3, 7, 17, 20)
"""Filters of the published network's first convolutions that are not dead."""
DENSE = ((1506, 200), (200, 50))
NORMS = (1, 204, 204, 51, 51, 51, 64, 64, 64, 1506, 200)


def weights(seed: int = 0) -> Weights:
    """Draw every variable; half of the norms' factors are negative."""
    rng = np.random.default_rng(seed)
    drawn: Weights = {}
    for kind, shapes in (("conv2d", CONVOLUTIONS), ("dense", DENSE)):
        for number, shape in enumerate(shapes):
            layer = _layer(kind, number)
            scale = np.prod(shape[:-1]) ** -0.5
            drawn[f"{layer}/kernel"] = (scale * rng.standard_normal(shape)).astype(np.float32)
            drawn[f"{layer}/bias"] = (0.1 * rng.standard_normal(shape[-1])).astype(np.float32)
    for number, channels in enumerate(NORMS):
        layer = _layer("batch_normalization", number)
        for part in ("gamma", "beta", "moving_mean"):
            drawn[f"{layer}/{part}"] = rng.standard_normal(channels).astype(np.float32)
        drawn[f"{layer}/moving_variance"] = rng.uniform(0.5, 2, channels).astype(np.float32)
    return drawn


def with_dead_filters(drawn: Weights) -> Weights:
    """Let only the published network's numbers of filters live, as training leaves the others.

    Their weights are zero but for rounding; bias and norm are anything.
    """
    rng = np.random.default_rng(2)
    changed = dict(drawn)
    for number, alive in enumerate(ALIVE):
        name = f"{_layer('conv2d', number)}/kernel"
        dead = rng.permutation(drawn[name].shape[-1])[alive:]
        changed[name] = drawn[name].copy()
        changed[name][..., dead] *= np.float32(1e-9)
    return changed


def plain_tags(patch: NDArray[np.float32], drawn: Weights) -> NDArray[np.float64]:
    """Return the tags (50,) of a patch (187, 96), step by step as the package's models.py."""
    image = _norm(patch[:, :, None].astype(float), drawn, 0)
    front = []
    for number in range(5):
        kernel = drawn[f"{_layer('conv2d', number)}/kernel"]
        reach = ((kernel.shape[0] - 1) // 2, kernel.shape[0] // 2)
        padded = np.pad(image, (reach, (0, 0), (0, 0)))
        front.append(_norm(_conv(padded, drawn, number), drawn, number + 1).max(axis=1))
    features = [np.concatenate(front, axis=1)]
    for number in range(5, 8):
        padded = np.pad(features[-1], ((3, 3), (0, 0)))[:, :, None]
        result = _norm(_conv(padded, drawn, number), drawn, number + 1)[:, 0]
        features.append(result if number == 5 else result + features[-1])
    whole = np.concatenate(features, axis=1)
    pooled = np.stack((whole.max(axis=0), whole.mean(axis=0)), axis=1).ravel()
    hidden = _norm(np.maximum(_dense(_norm(pooled, drawn, 9), drawn, 0), 0), drawn, 10)
    tags: NDArray[np.float64] = 1 / (1 + np.exp(-_dense(hidden, drawn, 1)))
    return tags


def wheel(
    folder: Path,
    checkpoint: tuple[bytes, bytes] = (b"", b""),
    *,
    configuration: bytes | None = f"SR = 16000\nMSD_LABELS = {list(TAG_NAMES)}\n".encode(),
    licence: bytes | None = b"Permission to use\n",
) -> Path:
    """Write a wheel laid out as musicnn's.

    Args:
        folder: where to.
        checkpoint: its index and its values.
        configuration: the module with the labels; None leaves it out.
        licence: likewise.

    """
    members = {
        "musicnn/MSD_musicnn/.index": checkpoint[0],
        "musicnn/MSD_musicnn/.data-00000-of-00001": checkpoint[1],
        "musicnn/configuration.py": configuration,
        "musicnn-0.1.0.dist-info/LICENSE.md": licence,
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            if content is not None:
                archive.writestr(name, content)
    path = folder / "musicnn-0.1.0-py3-none-any.whl"
    path.write_bytes(file.getvalue())
    return path


def wheel_of(folder: Path, tensorflow: Any, drawn: Weights) -> Path:
    """Write a wheel whose checkpoint holds variables, and leftovers of the optimizer."""
    kept = {**drawn, "beta1_power": np.float32(0.9), "dense/bias/Adam": drawn["dense/bias"]}
    with tempfile.TemporaryDirectory() as scratch:
        prefix = Path(scratch) / "drawn"
        tensorflow.raw_ops.SaveV2(
            prefix=str(prefix),
            tensor_names=list(kept),
            shape_and_slices=[""] * len(kept),
            tensors=[tensorflow.constant(value) for value in kept.values()],
        )
        index, data = (
            prefix.with_suffix(suffix).read_bytes() for suffix in (".index", ".data-00000-of-00001")
        )
    return wheel(folder, (index, data))


def _layer(kind: str, number: int) -> str:
    return f"{kind}_{number}" if number else kind


def _conv(padded: NDArray[np.float64], drawn: Weights, number: int) -> NDArray[np.float64]:
    """Convolve (time, frequency, 1) without padding, and rectify."""
    layer = _layer("conv2d", number)
    kernel = drawn[f"{layer}/kernel"]
    windows = sliding_window_view(padded[:, :, 0], kernel.shape[:2])
    waves = np.tensordot(windows, kernel[:, :, 0], axes=2) + drawn[f"{layer}/bias"]
    rectified: NDArray[np.float64] = np.maximum(waves, 0)
    return rectified


def _dense(values: NDArray[np.float64], drawn: Weights, number: int) -> NDArray[np.float64]:
    layer = _layer("dense", number)
    result: NDArray[np.float64] = values @ drawn[f"{layer}/kernel"] + drawn[f"{layer}/bias"]
    return result


def _norm(values: NDArray[np.float64], drawn: Weights, number: int) -> NDArray[np.float64]:
    """Normalize the last dimension by the learned averages."""
    layer = _layer("batch_normalization", number)
    gamma, beta, mean, variance = (
        drawn[f"{layer}/{part}"].astype(float)
        for part in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    result: NDArray[np.float64] = gamma * (values - mean) / np.sqrt(variance + 0.001) + beta
    return result
