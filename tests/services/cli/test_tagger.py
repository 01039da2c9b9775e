"""``genrebot tagger``: what is said where the conversion cannot be made."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.cli.conftest import Genrebot
from tests.training.tagger_samples import weights, wheel, wheel_of

_WITHOUT = (
    "import sys; sys.modules[{!r}] = None; "
    "from services.cli import main; main(['tagger', 'convert', {!r}])"
)
"""Runs the command in a Python that takes a package for not installed."""


def test_a_missing_tensorflow_is_named_with_its_remedy(tmp_path: Path) -> None:
    """In a process of its own: modules imported anew would stay behind for other tests."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", _WITHOUT.format("tensorflow", str(wheel(tmp_path)))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "the conversion needs tensorflow" in done.stderr
    assert "uv sync --group convert" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wheel_that_is_not_there_is_wrong_usage(genrebot: Genrebot, tmp_path: Path) -> None:
    """And so is none at all."""
    assert genrebot("tagger", "convert", tmp_path / "none.whl").exit_code == 2
    assert genrebot("tagger", "convert").exit_code == 2


def test_a_wheel_becomes_a_network(genrebot: Genrebot, tmp_path: Path) -> None:
    """The three files are there, and the checksum is told."""
    pytest.importorskip("onnx", reason="uv sync --group convert")
    tensorflow = pytest.importorskip("tensorflow", reason="uv sync --group convert")
    out = tmp_path / "new" / "network.onnx"
    result = genrebot("tagger", "convert", wheel_of(tmp_path, tensorflow, weights()), "--out", out)
    assert result.exit_code == 0, result.output
    assert {path.name for path in out.parent.iterdir()} == {
        *("network.onnx", "network.json", "network.LICENSE.md")
    }
    assert f"{out.stat().st_size} bytes" in result.stdout


def test_a_wheel_of_something_else_is_refused(genrebot: Genrebot, tmp_path: Path) -> None:
    """With a sentence and no traceback."""
    pytest.importorskip("onnx", reason="uv sync --group convert")
    pytest.importorskip("tensorflow", reason="uv sync --group convert")
    path = tmp_path / "words.whl"
    path.write_text("just words")
    result = genrebot("tagger", "convert", path, "--out", tmp_path / "out.onnx")
    assert result.exit_code == 1
    assert "words.whl is not a wheel" in result.output
    assert isinstance(result.exception, SystemExit)


def test_a_network_that_cannot_be_written_is_said(genrebot: Genrebot, tmp_path: Path) -> None:
    """The place is named."""
    pytest.importorskip("onnx", reason="uv sync --group convert")
    tensorflow = pytest.importorskip("tensorflow", reason="uv sync --group convert")
    (tmp_path / "file").write_text("in the way")
    path = wheel_of(tmp_path, tensorflow, weights())
    result = genrebot("tagger", "convert", path, "--out", tmp_path / "file" / "out.onnx")
    assert result.exit_code == 1
    assert f"cannot write {tmp_path / 'file'}" in result.output
