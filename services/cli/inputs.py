"""Arguments that name files: paths, folders, and ``-`` for standard input."""

import io
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Final

import click

from shared.domain.media_types import SUFFIXES

STDIN: Final = "-"


@dataclass(frozen=True)
class Input:
    """A file to read.

    Attributes:
        argument: its path, or ``-``.

    """

    argument: str

    @property
    def name(self) -> str:
        """The path for people and for JSON; bytes in no encoding are replaced."""
        return os.fsencode(self.argument).decode(errors="replace")

    @property
    def file_name(self) -> str:
        """The last part of the path; ``stdin`` for standard input."""
        return "stdin" if self.argument == STDIN else Path(self.name).name

    @cached_property
    def source(self) -> Path | BinaryIO:
        """What the decoder reads: a path, or the content of standard input."""
        if self.argument != STDIN:
            return Path(self.argument)
        # A pipe cannot be sought, and most formats need that.
        return io.BytesIO(sys.stdin.buffer.read())


def expand(arguments: Sequence[str]) -> list[Input]:
    """Return the files that arguments name.

    A folder stands for the media files in it and below, by suffix, in the order of their paths;
    hidden files and folders are left out.

    Raises:
        click.UsageError: standard input is named twice, or a folder holds no media files.

    """
    if arguments.count(STDIN) > 1:
        raise click.UsageError("- (standard input) can be given only once")
    inputs: list[Input] = []
    for argument in arguments:
        if argument != STDIN and Path(argument).is_dir():
            inputs += [Input(str(path)) for path in _media_files(Path(argument))]
        else:
            inputs.append(Input(argument))
    return inputs


def _media_files(folder: Path) -> list[Path]:
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in SUFFIXES and path.is_file()
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    if not found:
        raise click.UsageError(f"{Input(str(folder)).name} holds no audio or video files")
    return found
