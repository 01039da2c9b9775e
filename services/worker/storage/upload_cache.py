"""A worker's own folder for files that are too large for Redis.

It is shared by the processes of one machine, bounded, and safe to empty at any time: what is
missing is fetched again.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

PART = ".part"
"""Ends the names of files that are not whole."""


class UploadCache:
    """Files by job.

    Args:
        folder: made when first needed, for its owner alone.
        max_bytes: most bytes of all files together, as far as one file allows.
        max_age_s: seconds after its last use when a file goes, whoever has left it.

    """

    def __init__(self, folder: Path, max_bytes: int, max_age_s: float) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s

    def find(self, job_id: str) -> Path | None:
        """Path of a job's file, which counts as used now; None where it is not here."""
        path = self._folder / job_id
        try:
            os.utime(path)
        except FileNotFoundError:
            return None
        return path

    @contextmanager
    def filling(self, job_id: str, expected: int) -> Iterator["Part"]:
        """Hand out an empty file, which becomes the job's once it is closed without an error.

        Args:
            job_id: whose.
            expected: its size in bytes as far as is known; room is made for it.

        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._make_room(expected)
        part = self._folder / f"{job_id}.{os.getpid()}{PART}"
        try:
            with part.open("wb") as file:
                yield Part(file)
            part.replace(self._folder / job_id)
        finally:
            part.unlink(missing_ok=True)

    def forget(self, job_id: str) -> None:
        """Remove a job's file. Whoever has it open reads on to its end."""
        (self._folder / job_id).unlink(missing_ok=True)

    def _make_room(self, size: int) -> None:
        found: list[tuple[float, int, Path]] = []
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):  # another process makes room as well
                facts = path.stat()
                found.append((facts.st_mtime, facts.st_size, path))
        left = self._max_bytes - size - sum(length for _, length, _ in found)
        eldest = time.time() - self._max_age_s
        for used, length, path in sorted(found):
            if used >= eldest and (left >= 0 or path.suffix == PART):
                continue
            path.unlink(missing_ok=True)
            left += length


class Part:
    """A file that is being written, and how long it is."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = 0

    def write(self, data: bytes, /) -> int:
        """Append."""
        self.size += len(data)
        return self._file.write(data)
