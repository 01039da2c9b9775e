"""The spool: whole blobs or none, read anywhere, gone in time."""

import hashlib
import io
import random
from typing import cast

import pytest

from shared.connection import key
from shared.settings import JobSettings
from shared.spool import BLOCK_BYTES, BlobMissingError, Spool

SIZES = [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 2 * BLOCK_BYTES + 12_345]


def noise(size: int) -> bytes:
    """Bytes that repeat nowhere, the same every time."""
    return random.Random(size).randbytes(size)


def keys(spool: Spool) -> list[bytes]:
    """Every key on the server."""
    return cast("list[bytes]", spool.redis.keys("*"))


@pytest.mark.parametrize("size", SIZES)
def test_what_goes_in_comes_out(spool: Spool, size: int) -> None:
    """Around block boundaries and away from them, with its size and hash."""
    data = noise(size)
    head = spool.put("job", "audio", data)
    assert (head.size, head.blocks) == (size, -(-size // BLOCK_BYTES))
    assert head.sha256 == hashlib.sha256(data).hexdigest()
    assert spool.head("job", "audio") == head
    assert spool.get("job", "audio") == data


def test_writes_of_any_length_make_one_blob(spool: Spool) -> None:
    """Where the writer was cut does not matter; memory views are taken as well."""
    data = noise(BLOCK_BYTES + 70_000)
    with spool.writer("job", "audio") as writer:
        for start in range(0, len(data), 65_537):
            piece = memoryview(data)[start : start + 65_537]
            assert writer.write(piece) == len(piece)
        writer.write(b"")
        writer.finish()
        assert writer.size == len(data)
    assert spool.get("job", "audio") == data


def test_reading_anywhere_is_like_reading_a_file(spool: Spool) -> None:
    """Random seeks and reads agree with a file in memory, across blocks and past the end."""
    data = noise(2 * BLOCK_BYTES + 100)
    spool.put("job", "audio", data)
    dice = random.Random(1)
    expected = io.BytesIO(data)
    with spool.reader("job", "audio") as reader:
        assert reader.seekable()
        for _ in range(60):
            whence = dice.choice([io.SEEK_SET, io.SEEK_CUR, io.SEEK_END])
            base = {io.SEEK_SET: 0, io.SEEK_CUR: expected.tell(), io.SEEK_END: len(data)}[whence]
            offset = dice.randrange(-base, len(data) + 1000 - base)
            assert reader.seek(offset, whence) == expected.seek(offset, whence)
            size = dice.choice([1, 1000, BLOCK_BYTES + 5])
            assert reader.read(size) == expected.read(size)
            assert reader.tell() == expected.tell()


def test_there_is_nothing_before_the_start(spool: Spool) -> None:
    """A seek to a negative position is refused like a file's."""
    spool.put("job", "audio", b"abc")
    with spool.reader("job", "audio") as reader, pytest.raises(OSError, match="before the start"):
        reader.seek(-4, io.SEEK_END)


def test_a_missing_blob_is_told(spool: Spool) -> None:
    """What was never written cannot be read."""
    assert spool.head("job", "audio") is None
    with pytest.raises(BlobMissingError, match="audio of job job"):
        spool.get("job", "audio")


def test_an_unfinished_blob_is_invisible(spool: Spool) -> None:
    """A writer that dies before the end leaves nothing that looks whole, and is cleaned up."""
    with spool.writer("job", "audio") as writer:
        writer.write(noise(2 * BLOCK_BYTES))
    assert len(keys(spool)) > 1
    assert spool.head("job", "audio") is None
    with pytest.raises(BlobMissingError):
        spool.reader("job", "audio")
    spool.delete("job")
    assert keys(spool) == []


def test_a_lost_block_is_told(spool: Spool) -> None:
    """A blob whose block has expired fails to read instead of reading short."""
    spool.put("job", "audio", noise(3 * BLOCK_BYTES))
    spool.redis.delete(key("spool", "job", "audio", 1))
    with pytest.raises(BlobMissingError, match="block 1"):
        spool.get("job", "audio")


def test_delete_takes_all_of_a_job_and_nothing_else(spool: Spool) -> None:
    """Many blobs at once, some of several blocks; the neighbour keeps its own."""
    for number in range(600):
        spool.put("job", f"features:{number}", b"x")
    spool.put("job", "audio", noise(BLOCK_BYTES + 1))
    spool.put("job2", "audio", b"y")
    spool.delete("job")
    assert spool.get("job2", "audio") == b"y"
    assert [name for name in keys(spool) if b"job2" not in name] == []
    spool.delete("job")  # and once more does no harm


def test_everything_expires(spool: Spool, job_settings: JobSettings) -> None:
    """Head, blocks and index all have the spool's time to live."""
    spool.put("job", "audio", noise(BLOCK_BYTES + 1))
    assert len(keys(spool)) == 4
    for name in keys(spool):
        ttl = cast("int", spool.redis.ttl(name))
        assert job_settings.spool_ttl_s - 60 < ttl <= job_settings.spool_ttl_s


def test_writing_again_replaces(spool: Spool) -> None:
    """A step that runs twice leaves its second result, also where it is shorter."""
    spool.put("job", "audio", noise(2 * BLOCK_BYTES))
    spool.put("job", "audio", b"short")
    assert spool.get("job", "audio") == b"short"
    spool.delete("job")
    assert keys(spool) == []


def test_one_blob_can_go_while_the_others_stay(spool: Spool) -> None:
    """All its blocks, and its mention among those of the job; what is not there is no error."""
    spool.put("job", "gone", noise(2 * BLOCK_BYTES + 5))
    spool.put("job", "stays", b"here")
    spool.discard("job", "gone")
    spool.discard("job", "gone")
    assert spool.head("job", "gone") is None
    assert spool.get("job", "stays") == b"here"
    assert len(keys(spool)) == 3  # a head, a block, and the list of both
    spool.delete("job")
    assert keys(spool) == []


def test_a_block_fits_into_a_mebibyte_of_redis(spool: Spool) -> None:
    """A full MiB and Redis' header would take the allocator's next size, a quarter more."""
    spool.put("job", "audio", noise(BLOCK_BYTES))
    block = key("spool", "job", "audio", 0)
    used = cast("int", spool.redis.memory_usage(block))
    assert BLOCK_BYTES < used < (1 << 20) + 512
