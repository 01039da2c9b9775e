"""What gets installed: one package, beside which others may have any name they like."""

import ast
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("shared", "services", "training", "devtools")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, without a network: the build backend is a development dependency."""
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = out.glob("*.whl")
    return built


def test_a_wheel_holds_one_package(wheel: Path) -> None:
    """And the models, which are no Python."""
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"genrebot"}
    assert "genrebot/shared/music/models/genrebot.cbm" in names
    assert "genrebot/py.typed" in names
    assert not [name for name in names if "/bench/" in name or name.endswith(".pyc")]


def test_it_works_beside_a_package_of_another_called_shared(wheel: Path, tmp_path: Path) -> None:
    """The command line and the notebook's import, from a folder that holds only the wheel."""
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    (site / "shared").mkdir()
    (site / "shared" / "__init__.py").write_text("raise ImportError('not this one')\n")
    code = (
        "import sys; sys.path = [p for p in sys.path if p != sys.argv[1]];"
        "from genrebot.music import GenreModel, Tagger;"
        "import genrebot.services.worker.celery_app as worker;"
        "worker.app.loader.import_default_modules();"
        "from genrebot.services.cli import main;"
        "assert sorted(worker.app.tasks)[-1].startswith('genrebot.');"
        "print(GenreModel.load().name); Tagger.load(); main(['classify', '--help'])"
    )
    done = subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, "-c", code, str(ROOT)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


def test_no_module_names_another_in_a_string() -> None:
    """The build rewrites import statements only."""
    assert not list(_named_in_strings())


def _named_in_strings() -> Iterator[str]:
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            if "bench" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    yield from (
                        f"{path}:{node.lineno}: import {alias.name}"
                        for alias in node.names
                        if alias.name.partition(".")[0] in FOLDERS
                    )
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    first, dot, rest = node.value.partition(".")
                    if first in FOLDERS and dot and rest.replace(".", "").isidentifier():
                        yield f"{path}:{node.lineno}: {node.value}"
