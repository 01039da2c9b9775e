"""What the package musicnn holds of its network, read from the wheel file itself.

The package is never installed: what it declares to need no longer exists for a current
Python. Its wheel is a zip file, and all that counts in there is data.
"""

import ast
import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PACKAGE: Final = "musicnn"
NETWORK: Final = "MSD_musicnn"

_INDEX: Final = f"{PACKAGE}/{NETWORK}/.index"
_DATA: Final = f"{PACKAGE}/{NETWORK}/.data-00000-of-00001"
_CONFIGURATION: Final = f"{PACKAGE}/configuration.py"
_LABELS: Final = "MSD_LABELS"


class ConversionError(Exception):
    """The wheel is not the one that can be converted."""


@dataclass(frozen=True)
class Wheel:
    """The parts of the wheel that make up the network.

    Attributes:
        file_name: name of the wheel file.
        sha256: checksum of the whole wheel.
        version: version of the package.
        index: the checkpoint's index of variables.
        data: the checkpoint's values.
        tags: what the network's outputs mean, in their order.
        licence: the text of the licence.

    """

    file_name: str
    sha256: str
    version: str
    index: bytes
    data: bytes
    tags: tuple[str, ...]
    licence: str

    def unpack(self, folder: Path) -> Path:
        """Write the checkpoint into a folder and return the prefix TensorFlow knows it by."""
        prefix = folder / NETWORK
        prefix.with_suffix(".index").write_bytes(self.index)
        prefix.with_suffix(".data-00000-of-00001").write_bytes(self.data)
        return prefix


def read_wheel(path: Path) -> Wheel:
    """Read a wheel of musicnn.

    Raises:
        ConversionError: it is no zip file, or lacks a part of the network.
        OSError: it cannot be read.

    """
    try:
        with zipfile.ZipFile(path) as archive:
            info = _dist_info(archive)
            return Wheel(
                file_name=path.name,
                sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
                version=info.removesuffix(".dist-info").partition("-")[2],
                index=archive.read(_INDEX),
                data=archive.read(_DATA),
                tags=_labels(archive.read(_CONFIGURATION)),
                licence=archive.read(f"{info}/LICENSE.md").decode(),
            )
    except zipfile.BadZipFile as error:
        raise ConversionError(f"{path} is not a wheel: {error}") from error
    except KeyError as error:
        raise ConversionError(f"{path} is not a wheel of {PACKAGE}: {error.args[0]}") from error


def _dist_info(archive: zipfile.ZipFile) -> str:
    for name in archive.namelist():
        folder = name.partition("/")[0]
        if folder.startswith(f"{PACKAGE}-") and folder.endswith(".dist-info"):
            return folder
    raise KeyError(f"there is no {PACKAGE}-*.dist-info in the archive")


def _labels(source: bytes) -> tuple[str, ...]:
    """Return the labels from the package's configuration, without running it."""
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == _LABELS:
            return tuple(ast.literal_eval(statement.value))
    raise KeyError(f"{_LABELS} is not in {_CONFIGURATION}")
