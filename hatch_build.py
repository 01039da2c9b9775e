"""Puts the folders of the repository into the one package that a wheel holds.

In the repository an import is named after the path of its file: ``from shared.store.jobs import
JobStore``. Installed under such names, ``shared`` and ``services`` would take names that any
other package may have. So a wheel holds the folders inside ``genrebot``, with their import
statements rewritten to match, and without the benchmark. Nothing but import statements is
changed, so no module may name another one in a string (``tests/test_wheel.py``).
"""

import re
import shutil
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE: Final = "genrebot"
FOLDERS: Final = ("shared", "services", "training", "devtools")

_IMPORT: Final = re.compile(rf"^([ \t]*)(from|import) ({'|'.join(FOLDERS)})(?=[.\s])", re.MULTILINE)


class OnePackage(BuildHookInterface[Any]):
    """Adds the rewritten folders to a wheel; an editable installation has them as they are."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the rewritten folders somewhere, and have them packed from there."""
        if version == "editable":
            return
        self._staged = Path(mkdtemp(prefix="genrebot-wheel-"))
        root = Path(self.root)
        for source in [root / PACKAGE, *(root / folder for folder in FOLDERS)]:
            inside = PACKAGE if source.name == PACKAGE else f"{PACKAGE}/{source.name}"
            target = self._staged / source.name
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "bench"))
            for module in target.rglob("*.py"):
                text = module.read_text(encoding="utf-8")
                module.write_text(_IMPORT.sub(rf"\1\2 {PACKAGE}.\3", text), encoding="utf-8")
            for file in sorted(path for path in target.rglob("*") if path.is_file()):
                name = file.relative_to(target).as_posix()
                build_data["force_include"][str(file)] = f"{inside}/{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - hatchling's signature
        """Remove what was written."""
        if version != "editable":
            shutil.rmtree(self._staged)
