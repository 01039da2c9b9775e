"""Blobs: whole or not there, read anywhere, gone in time."""

import hashlib
import io
import random
from collections.abc import Iterator
from typing import cast

import pytest

from services.worker.storage.blob_store import BLOCK_BYTES, BlobMissingError, BlobStore
from shared.settings import JobSettings, RedisSettings
from shared.store.keys import key

SIZES = [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 2 * BLOCK_BYTES + 12_345]


@pytest.fixture
def blobs(redis_settings: RedisSettings, job_settings: JobSettings) -> Iterator[BlobStore]:
    """Blob store on an empty server."""
    store = BlobStore.open(redis_settings, job_settings)
    yield store
    store.redis.close()


def noise(size: int) -> bytes:
    """Bytes that repeat nowhere, the same every time."""
    return random.Random(size).randbytes(size)


def keys(blobs: BlobStore) -> list[bytes]:
    """Every key on the server."""
    return cast("list[bytes]", blobs.redis.keys("*"))


@pytest.mark.parametrize("size", SIZES)
def test_what_goes_in_comes_out(blobs: BlobStore, size: int) -> None:
    """Around block boundaries and away from them, with its size and hash."""
    data = noise(size)
    head = blobs.put("job", "audio", data)
    assert (head.size, head.blocks) == (size, -(-size // BLOCK_BYTES))
    assert head.sha256 == hashlib.sha256(data).hexdigest()
    assert blobs.head("job", "audio") == head
    assert blobs.get("job", "audio") == data


def test_writes_of_any_length_make_one_blob(blobs: BlobStore) -> None:
    """Where the writer was cut does not matter; memory views are taken as well."""
    data = noise(BLOCK_BYTES + 70_000)
    with blobs.writer("job", "audio") as writer:
        for start in range(0, len(data), 65_537):
            piece = memoryview(data)[start : start + 65_537]
            assert writer.write(piece) == len(piece)
        writer.write(b"")
        writer.finish()
        assert writer.size == len(data)
    assert blobs.get("job", "audio") == data


def test_reading_anywhere_is_like_reading_a_file(blobs: BlobStore) -> None:
    """Random seeks and reads agree with a file in memory, across blocks and past the end."""
    data = noise(2 * BLOCK_BYTES + 100)
    blobs.put("job", "audio", data)
    dice = random.Random(1)
    expected = io.BytesIO(data)
    with blobs.reader("job", "audio") as reader:
        assert reader.seekable()
        for _ in range(60):
            whence = dice.choice([io.SEEK_SET, io.SEEK_CUR, io.SEEK_END])
            base = {io.SEEK_SET: 0, io.SEEK_CUR: expected.tell(), io.SEEK_END: len(data)}[whence]
            offset = dice.randrange(-base, len(data) + 1000 - base)
            assert reader.seek(offset, whence) == expected.seek(offset, whence)
            size = dice.choice([1, 1000, BLOCK_BYTES + 5])
            assert reader.read(size) == expected.read(size)
            assert reader.tell() == expected.tell()


def test_there_is_nothing_before_the_start(blobs: BlobStore) -> None:
    """A seek to a negative position is refused like a file's."""
    blobs.put("job", "audio", b"abc")
    with blobs.reader("job", "audio") as reader, pytest.raises(OSError, match="before the start"):
        reader.seek(-4, io.SEEK_END)


def test_a_missing_blob_is_told(blobs: BlobStore) -> None:
    """What was never written cannot be read."""
    assert blobs.head("job", "audio") is None
    with pytest.raises(BlobMissingError, match="audio of job job"):
        blobs.get("job", "audio")


def test_an_unfinished_blob_is_invisible(blobs: BlobStore) -> None:
    """A writer that dies before the end leaves nothing that looks whole, and is cleaned up."""
    with blobs.writer("job", "audio") as writer:
        writer.write(noise(2 * BLOCK_BYTES))
    assert len(keys(blobs)) > 1
    assert blobs.head("job", "audio") is None
    with pytest.raises(BlobMissingError):
        blobs.reader("job", "audio")
    blobs.delete("job")
    assert keys(blobs) == []


def test_a_lost_block_is_told(blobs: BlobStore) -> None:
    """A blob whose block has expired fails to read instead of reading short."""
    blobs.put("job", "audio", noise(3 * BLOCK_BYTES))
    blobs.redis.delete(key("blob", "job", "audio", 1))
    with pytest.raises(BlobMissingError, match="block 1"):
        blobs.get("job", "audio")


def test_delete_takes_all_of_a_job_and_nothing_else(blobs: BlobStore) -> None:
    """Many blobs at once, some of several blocks; the neighbour keeps its own."""
    for number in range(600):
        blobs.put("job", f"features:{number}", b"x")
    blobs.put("job", "audio", noise(BLOCK_BYTES + 1))
    blobs.put("job2", "audio", b"y")
    blobs.delete("job")
    assert blobs.get("job2", "audio") == b"y"
    assert [name for name in keys(blobs) if b"job2" not in name] == []
    blobs.delete("job")  # and once more does no harm


def test_everything_expires(blobs: BlobStore, job_settings: JobSettings) -> None:
    """Head, blocks and index all have the same time to live."""
    blobs.put("job", "audio", noise(BLOCK_BYTES + 1))
    assert len(keys(blobs)) == 4
    for name in keys(blobs):
        ttl = cast("int", blobs.redis.ttl(name))
        assert job_settings.spool_ttl_s - 60 < ttl <= job_settings.spool_ttl_s


def test_writing_again_replaces(blobs: BlobStore) -> None:
    """A task that runs twice leaves its second result, even if that is shorter."""
    blobs.put("job", "audio", noise(2 * BLOCK_BYTES))
    blobs.put("job", "audio", b"short")
    assert blobs.get("job", "audio") == b"short"
    blobs.delete("job")
    assert keys(blobs) == []


def test_one_blob_can_go_while_the_others_stay(blobs: BlobStore) -> None:
    """All its blocks, and its mention among those of the job; what is not there is no error."""
    blobs.put("job", "gone", noise(2 * BLOCK_BYTES + 5))
    blobs.put("job", "stays", b"here")
    blobs.discard("job", "gone")
    blobs.discard("job", "gone")
    assert blobs.head("job", "gone") is None
    assert blobs.get("job", "stays") == b"here"
    assert len(keys(blobs)) == 3  # a head, a block, and the list of both
    blobs.delete("job")
    assert keys(blobs) == []


def test_a_block_fits_into_a_mebibyte_of_redis(blobs: BlobStore) -> None:
    """A full MiB and Redis' header would take the allocator's next size, a quarter more."""
    blobs.put("job", "audio", noise(BLOCK_BYTES))
    block = key("blob", "job", "audio", 0)
    used = cast("int", blobs.redis.memory_usage(block))
    assert BLOCK_BYTES < used < (1 << 20) + 512
