"""From a wheel to an ONNX file; where TensorFlow and ONNX are installed, the whole way."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from shared.music.tagging.tagger import TAG_NAMES, Tagger
from tests.training.tagger_samples import Weights, plain_tags, weights, wheel, wheel_of
from training.tagger_conversion.wheel import ConversionError, read_wheel

REMEDY = "the conversion's dependency group is not installed (uv sync --group convert)"


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
