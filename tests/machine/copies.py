"""Further checkouts of this one, as a stranger would clone them."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]


def copied(folder: Path, environment: Mapping[str, str], python: str | None = None) -> Path:
    """Copy what git knows of this checkout, and set the copy up with `make`.

    Args:
        folder: where to; what is there is replaced.
        environment: for `make setup`.
        python: interpreter of the copy; None leaves the choice to uv.

    Raises:
        subprocess.CalledProcessError: it cannot be set up.

    """
    shutil.rmtree(folder, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    for name in filter(None, os.fsdecode(listed).split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    # Copies, for another user may own them in the end; links would share them with uv's cache.
    setting = {**environment, "UV_LINK_MODE": "copy"} | ({"UV_PYTHON": python} if python else {})
    uv = shutil.which("uv") or ROOT / ".uv" / "bin" / "uv"
    make = ["make", "setup", *([f"UV={uv}"] if Path(uv).exists() else [])]
    subprocess.run(make, cwd=folder, env=setting, check=True, capture_output=True)  # noqa: S603
    return folder


def interpreter(version: str) -> str | None:
    """Find an interpreter of a version, such as 3.12, on this machine."""
    candidates = [
        *Path.home().glob(f".pyenv/versions/{version}.*/bin/python"),
        *Path.home().glob(f".local/share/uv/python/*-{version}.*/bin/python"),
    ]
    on_path = shutil.which(f"python{version}")
    for candidate in (*map(str, candidates), *([on_path] if on_path else [])):
        words = [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
        if done.stdout.strip() == version:
            return candidate
    return None
