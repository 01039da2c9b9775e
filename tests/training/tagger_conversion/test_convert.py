"""From a wheel to an ONNX file; where TensorFlow and ONNX are installed, the whole way.

The published network's wheel is named by GENREBOT_MUSICNN_WHEEL.
"""

import os
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from shared.music.tagging.tagger import TAG_NAMES, Tagger, chunk_patch, committed
from tests.sounds import chords, noise, silence, tone, tune
from tests.training.tagger_samples import (
    ALIVE,
    CONVOLUTIONS,
    Weights,
    plain_tags,
    weights,
    wheel,
    wheel_of,
    with_dead_filters,
)
from training.tagger_conversion.layers import DEAD_BELOW, Variables
from training.tagger_conversion.wheel import ConversionError, read_wheel

REMEDY = "the conversion's dependency group is not installed (uv sync --group convert)"
PUBLISHED = os.environ.get("GENREBOT_MUSICNN_WHEEL")

PRUNED = [
    *((24, 1, 7, 38), (14, 1, 7, 67), (3, 1, 128, 1), (7, 1, 64, 1), (17, 1, 32, 1)),
    *((20, 65 + 1, 7), (64, 20 + 1, 7), (64, 64, 7)),
]
"""Kernels (filters, channels, ...) of the convolutions; a channel of ones stands for dead ones."""


@pytest.fixture(scope="module")
def graphs() -> ModuleType:
    """The module that builds the graph, which needs ONNX but no TensorFlow."""
    pytest.importorskip("onnx", reason=REMEDY)
    from training.tagger_conversion import graph  # noqa: PLC0415 - not everywhere

    return graph


@pytest.fixture(scope="module")
def tensorflow() -> Any:
    """TensorFlow, which only the conversion needs."""
    pytest.importorskip("onnx", reason=REMEDY)
    return pytest.importorskip("tensorflow", reason=REMEDY)


@pytest.fixture(scope="module")
def converter(tensorflow: Any) -> ModuleType:
    """The module that needs both."""
    del tensorflow  # only asked for so that it is there
    from training.tagger_conversion import convert  # noqa: PLC0415 - not everywhere

    return convert


def test_a_wheel_is_read_without_being_installed(tmp_path: Path) -> None:
    """Version, labels, licence and checkpoint come out of the archive."""
    read = read_wheel(wheel(tmp_path, (b"index", b"data")))
    assert (read.version, read.tags, read.licence) == ("0.1.0", TAG_NAMES, "Permission to use\n")
    prefix = read.unpack(tmp_path)
    assert Path(f"{prefix}.index").read_bytes() == b"index"
    assert Path(f"{prefix}.data-00000-of-00001").read_bytes() == b"data"


def test_what_is_no_zip_file_is_refused(tmp_path: Path) -> None:
    """And named."""
    path = tmp_path / "words.whl"
    path.write_text("just words")
    with pytest.raises(ConversionError, match=r"words\.whl is not a wheel"):
        read_wheel(path)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"configuration": None}, "configuration.py"),
        ({"configuration": b"SR = 16000\n"}, "MSD_LABELS"),
        ({"licence": None}, "dist-info"),
    ],
)
def test_a_wheel_without_a_part_is_refused(
    tmp_path: Path, files: dict[str, Any], said: str
) -> None:
    """The message says what is missing."""
    with pytest.raises(ConversionError, match=said):
        read_wheel(wheel(tmp_path, **files))


def test_the_graph_computes_what_the_package_does(
    tensorflow: Any, converter: ModuleType, tmp_path: Path
) -> None:
    """A drawn network goes through checkpoint, wheel and ONNX and tags as the plain steps do."""
    drawn = weights()
    target = tmp_path / "out" / "drawn.onnx"
    info = converter.convert(wheel_of(tmp_path, tensorflow, drawn), target)
    tagger = Tagger.load(target)
    assert tagger.metadata == info
    patches = np.random.default_rng(1).uniform(0, 5, (2, 187, 96)).astype(np.float32)
    expected = np.stack([plain_tags(patch, drawn) for patch in patches])
    assert np.ptp(expected) > 0.5
    np.testing.assert_allclose(tagger.tag_patches(patches), expected, atol=2e-5)
    assert target.with_suffix(".LICENSE.md").read_text() == "Permission to use\n"


def _patches() -> NDArray[np.float32]:
    """Patches drawn at random, and those of sounds."""
    drawn = np.random.default_rng(3).uniform(0, 5, (4, 187, 96)).astype(np.float32)
    sounds = (tune(3), tune(3, seed=2), chords(3), noise(3), tone(3), silence(3))
    return np.concatenate((drawn, np.stack([chunk_patch(sound) for sound in sounds])))


def _run(model: bytes, patches: NDArray[np.float32]) -> NDArray[np.float32]:
    """Tag patches by a graph, all at once."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    tags: NDArray[np.float32] = session.run(["tags"], {"patches": patches})[0]
    return tags


def _kernels(model: Any) -> list[tuple[int, ...]]:
    """Return the shapes of a graph's convolutions, in order."""
    shapes = {value.name: tuple(value.dims) for value in model.graph.initializer}
    return [shapes[node.input[1]] for node in model.graph.node if node.op_type == "Conv"]


def test_dead_filters_are_left_out_and_nothing_changes(graphs: ModuleType) -> None:
    """The pruned graph tags as the whole one does, and as the plain steps do."""
    drawn = with_dead_filters(weights())
    pruned, whole = graphs.build_model(drawn), graphs.build_model(drawn, dead_below=0)
    assert _kernels(pruned) == PRUNED
    assert [kernel[0] for kernel in _kernels(whole)] == [shape[-1] for shape in CONVOLUTIONS]
    patches = _patches()
    tags = _run(pruned.SerializeToString(), patches)
    assert np.ptp(tags, axis=0).max() > 0.1
    np.testing.assert_allclose(tags, _run(whole.SerializeToString(), patches), rtol=0, atol=1e-6)
    np.testing.assert_allclose(tags[0], plain_tags(patches[0], drawn), atol=2e-5)


def test_a_network_without_dead_filters_stays_whole(graphs: ModuleType) -> None:
    """To the byte."""
    drawn = weights()
    assert graphs.build_model(drawn) == graphs.build_model(drawn, dead_below=0)


def test_the_committed_network_has_no_dead_filters(graphs: ModuleType) -> None:
    """65 of 561 in the front end and 20 of 64 behind it are left."""
    del graphs  # only asked for so that ONNX is there
    onnx = pytest.importorskip("onnx", reason=REMEDY)
    assert _kernels(onnx.load(committed())) == PRUNED


@pytest.mark.skipif(PUBLISHED is None, reason="GENREBOT_MUSICNN_WHEEL names no wheel of musicnn")
def test_the_committed_network_is_the_published_one(
    graphs: ModuleType, converter: ModuleType, tmp_path: Path
) -> None:
    """The wheel makes its bytes, and with all filters, dead ones too, the same tags."""
    path = Path(str(PUBLISHED))
    target = tmp_path / "msd_musicnn.onnx"
    converter.convert(path, target)
    assert target.read_bytes() == committed().read_bytes()
    assert target.with_suffix(".json").read_text() == committed().with_suffix(".json").read_text()
    published = converter.read_weights(read_wheel(path))
    assert _alive(published) == list(ALIVE)
    whole = graphs.build_model(published, dead_below=0).SerializeToString()
    patches = _patches()
    np.testing.assert_allclose(
        _run(target.read_bytes(), patches), _run(whole, patches), rtol=0, atol=1e-6
    )


def _alive(drawn: Weights) -> list[int]:
    """Count the filters of the first convolutions by the norm of their weights."""
    kernels = [
        Variables(drawn).conv(number, *shape)[0]
        for number, shape in enumerate(CONVOLUTIONS[: len(ALIVE)])
    ]
    norms = [np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), axis=0) for kernel in kernels]
    return [int((norm >= DEAD_BELOW).sum()) for norm in norms]


def test_the_same_wheel_makes_the_same_bytes(
    tensorflow: Any, converter: ModuleType, tmp_path: Path
) -> None:
    """File and description."""
    path = wheel_of(tmp_path, tensorflow, weights())
    first, second = (tmp_path / name / "drawn.onnx" for name in ("first", "second"))
    assert converter.convert(path, first) == converter.convert(path, second)
    for suffix in (".onnx", ".json"):
        assert first.with_suffix(suffix).read_bytes() == second.with_suffix(suffix).read_bytes()


def _without(drawn: Weights) -> Weights:
    return {name: value for name, value in drawn.items() if name != "dense_1/bias"}


def _narrower(drawn: Weights) -> Weights:
    return {**drawn, "conv2d_5/kernel": drawn["conv2d_5/kernel"][:, :560]}


@pytest.mark.parametrize(
    ("change", "said"),
    [(_without, "dense_1/bias is missing"), (_narrower, r"conv2d_5/kernel has the shape \(7, 560")],
)
def test_a_checkpoint_of_another_network_is_refused(
    tensorflow: Any, converter: ModuleType, tmp_path: Path, change: Any, said: str
) -> None:
    """The variable is named, and nothing is written."""
    path = wheel_of(tmp_path, tensorflow, change(weights()))
    with pytest.raises(ConversionError, match=said):
        converter.convert(path, tmp_path / "out.onnx")
    assert not (tmp_path / "out.onnx").exists()


def test_a_checkpoint_that_is_none_is_refused(converter: ModuleType, tmp_path: Path) -> None:
    """TensorFlow's complaint becomes a sentence."""
    with pytest.raises(ConversionError, match="readable checkpoint"):
        converter.convert(wheel(tmp_path, (b"index", b"data")), tmp_path / "out.onnx")


def test_other_labels_are_refused(converter: ModuleType, tmp_path: Path) -> None:
    """The tags' meaning is part of this release."""
    path = wheel(tmp_path, configuration=b"MSD_LABELS = ['rock']\n")
    with pytest.raises(ConversionError, match="other tags"):
        converter.convert(path, tmp_path / "out.onnx")
