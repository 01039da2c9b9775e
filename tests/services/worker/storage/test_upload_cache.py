"""A worker's own folder for large files: whole files or none, bounded, safe to lose."""

import os
import time
from pathlib import Path

import pytest

from services.worker.storage.upload_cache import UploadCache

JOB, OTHER, THIRD = "1" * 24, "2" * 24, "3" * 24
DAY_S = 86_400


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that is not there yet."""
    return tmp_path / "cache" / "uploads"


def _fill(cache: UploadCache, job_id: str, size: int) -> None:
    with cache.filling(job_id, size) as part:
        assert part.write(bytes(size)) == size
        assert part.size == size


def _fail(cache: UploadCache, job_id: str) -> None:
    with cache.filling(job_id, 10) as part:
        part.write(b"0123")
        raise OSError("the line went dead")


def _age(folder: Path, job_id: str, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(folder / job_id, (then, then))


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_file_is_there_once_it_is_whole(folder: Path) -> None:
    """Not while it is written, and its folder is nobody else's."""
    cache = UploadCache(folder, 1000, DAY_S)
    assert cache.find(JOB) is None
    with cache.filling(JOB, 10) as part:
        part.write(b"0123456789")
        assert cache.find(JOB) is None
    path = cache.find(JOB)
    assert path is not None
    assert path.read_bytes() == b"0123456789"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_what_fails_leaves_nothing(folder: Path) -> None:
    """Nor does it harm what was there."""
    cache = UploadCache(folder, 1000, DAY_S)
    _fill(cache, OTHER, 5)
    with pytest.raises(OSError, match="line"):
        _fail(cache, JOB)
    assert _names(folder) == {OTHER}


def test_the_least_recently_used_goes_first(folder: Path) -> None:
    """To be found counts as a use; a file that is being written stays."""
    cache = UploadCache(folder, 1000, DAY_S)
    _fill(cache, JOB, 400)
    _fill(cache, OTHER, 400)
    _age(folder, JOB, 60)
    _age(folder, OTHER, 30)
    assert cache.find(JOB) is not None
    with cache.filling(THIRD, 200) as part:
        assert _names(folder) == {JOB, OTHER, f"{THIRD}.{os.getpid()}.part"}
        part.write(bytes(200))
        _fill(cache, "4" * 24, 300)
        assert _names(folder) - {f"{THIRD}.{os.getpid()}.part"} == {JOB, "4" * 24}
    assert cache.find(THIRD) is not None


def test_what_nobody_came_back_for_goes_by_age(folder: Path) -> None:
    """Also half a file whose worker was killed."""
    cache = UploadCache(folder, 10_000, 100)
    _fill(cache, JOB, 10)
    (folder / f"{OTHER}.77.part").write_bytes(b"half")
    _age(folder, JOB, 101)
    _age(folder, f"{OTHER}.77.part", 101)
    _fill(cache, THIRD, 10)
    assert _names(folder) == {THIRD}


def test_old_files_go_without_a_new_one(folder: Path) -> None:
    """The sweep of a worker removes them, however little there is to do."""
    cache = UploadCache(folder, 1000, 3600)
    cache.drop_expired()
    for name, age_s in (("old", 3700), ("new", 10)):
        with cache.filling(name, 1) as file:
            file.write(b"x")
        os.utime(folder / name, (time.time() - age_s,) * 2)
    cache.drop_expired()
    assert [path.name for path in folder.iterdir()] == ["new"]


def test_a_file_that_is_forgotten_may_still_be_open(folder: Path) -> None:
    """Who reads it reads on to its end; forgetting it again does nothing."""
    cache = UploadCache(folder, 1000, DAY_S)
    _fill(cache, JOB, 10)
    path = cache.find(JOB)
    assert path is not None
    with path.open("rb") as file:
        cache.forget(JOB)
        assert len(file.read()) == 10
    assert cache.find(JOB) is None
    cache.forget(JOB)
