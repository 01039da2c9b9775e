"""Intermediate results on disk, so that a stopped study can be resumed."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training.data.gtzan import Dataset

_DIGITS: Final = 12
Inputs = dict[str, Any]
"""Everything that a result depends on, in types that JSON has."""


class Cache:
    """A folder of results, keyed by name and inputs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def record(
        self, name: str, inputs: Inputs, make: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        """Return a JSON record, computed where it is not in the cache."""
        path = self._path(name, inputs, "json")
        if not path.is_file():
            text = json.dumps(make(), indent=1)
            _write(path, text.encode())
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    def arrays(
        self, name: str, inputs: Inputs, make: Callable[[], dict[str, NDArray[np.float64]]]
    ) -> dict[str, NDArray[np.float64]]:
        """Return named arrays, computed where they are not in the cache."""
        path = self._path(name, inputs, "npz")
        if not path.is_file():
            fresh = path.with_suffix(".fresh.npz")
            np.savez(fresh, allow_pickle=False, **make())
            fresh.replace(path)
        with np.load(path) as found:
            return {key: found[key] for key in found.files}

    def _path(self, name: str, inputs: Inputs, suffix: str) -> Path:
        key = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:_DIGITS]
        return self.folder / f"{name}-{key}.{suffix}"


def fingerprint(dataset: Dataset) -> str:
    """Return a short hash of the features, tracks and labels of a data set, in order."""
    digest = hashlib.sha256(np.ascontiguousarray(dataset.features).tobytes())
    for names in (dataset.tracks, dataset.labels):
        digest.update("\n".join(names.tolist()).encode())
    return digest.hexdigest()[:_DIGITS]


def _write(path: Path, content: bytes) -> None:
    """Write a file atomically."""
    fresh = path.with_suffix(".fresh")
    fresh.write_bytes(content)
    fresh.replace(path)
