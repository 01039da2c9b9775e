"""The upload cache: a machine's own folder for files that are too large for Redis.

It is shared by the processes of the machine, bounded, and may be emptied at any time: a missing
file is fetched again.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

PART = ".part"
"""Suffix of files that are not complete."""


class UploadCache:
    """Files by job.

    Args:
        folder: made when first needed, readable by its owner only.
        max_bytes: most bytes of all files together, unless one file alone is larger.
        max_age_s: seconds after its last use at which a file is removed.

    """

    def __init__(self, folder: Path, max_bytes: int, max_age_s: float) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s

    def find(self, job_id: str) -> Path | None:
        """Return the path of a job's file, which counts as used now; None if it is not here."""
        path = self._folder / job_id
        try:
            os.utime(path)
        except FileNotFoundError:
            return None
        return path

    @contextmanager
    def filling(self, job_id: str, expected: int) -> Iterator["Part"]:
        """Open a new file, which becomes the job's if the body raises no error.

        Args:
            job_id: whose.
            expected: its size in bytes as far as is known; older files make room for it.

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
        """Remove a job's file. A process that has it open can read it to its end."""
        (self._folder / job_id).unlink(missing_ok=True)

    def drop_expired(self) -> None:
        """Remove files that were not used for ``max_age_s`` seconds."""
        oldest = time.time() - self._max_age_s
        for used, _, path in self._files():
            if used < oldest:
                path.unlink(missing_ok=True)

    def _make_room(self, size: int) -> None:
        """Remove the files used least recently until ``size`` more bytes fit."""
        self.drop_expired()
        found = self._files()
        left = self._max_bytes - size - sum(length for _, length, _ in found)
        for _, length, path in sorted(found):
            if left >= 0:
                break
            if path.suffix != PART:
                path.unlink(missing_ok=True)
                left += length

    def _files(self) -> list[tuple[float, int, Path]]:
        """Time of last use, size and path of every file."""
        found: list[tuple[float, int, Path]] = []
        with suppress(FileNotFoundError):  # the folder is made when first needed
            for path in self._folder.iterdir():
                with suppress(FileNotFoundError):  # another process makes room at the same time
                    facts = path.stat()
                    found.append((facts.st_mtime, facts.st_size, path))
        return found


class Part:
    """A file that is being written, and its size so far."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = 0

    def write(self, data: bytes, /) -> int:
        """Append bytes."""
        self.size += len(data)
        return self._file.write(data)
