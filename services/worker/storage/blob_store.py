"""Where audio and features wait between two steps: Redis, in blocks, with a time to live.

A blob is written as a stream of blocks and counts as there once its head is written last,
so a step that dies in the middle leaves nothing that looks whole. Names are chosen by the
caller and belong to a job; ``delete`` removes all of a job's.
"""

import hashlib
import io
from collections.abc import Iterable
from typing import Self, cast

from pydantic import BaseModel, ConfigDict
from redis import Redis

from shared.settings import JobSettings, RedisSettings
from shared.store.redis_client import connect, key

BLOCK_BYTES = (1 << 20) - 1024
"""Bytes in a block: far below Redis' 512 MB limit, large enough to stream well.

A little less than 1 MiB, so that with Redis' own header it fits into 1 MiB of its allocator,
whose next size is a quarter larger."""
DELETE_BATCH = 500


class BlobMissingError(LookupError):
    """A blob was never finished, was deleted, or has outlived its time."""


class Head(BaseModel):
    """What is known of a finished blob."""

    model_config = ConfigDict(frozen=True)

    size: int
    sha256: str
    blocks: int


class BlobStore:
    """Blobs by job and name. Every method talks to Redis and may block."""

    def __init__(self, redis: Redis, ttl_s: int) -> None:
        self.redis = redis
        self.ttl_s = ttl_s

    @classmethod
    def open(cls, redis: RedisSettings, settings: JobSettings) -> Self:
        """Connect and wrap."""
        return cls(connect(redis, text=False), settings.spool_ttl_s)

    def writer(self, job_id: str, name: str) -> "BlobWriter":
        """A file object to write a blob to; ``finish()`` makes it readable."""
        return BlobWriter(self, job_id, name)

    def reader(self, job_id: str, name: str) -> io.BufferedReader:
        """A seekable file object over a finished blob.

        Raises:
            BlobMissingError: there is no such blob (any more).

        """
        return io.BufferedReader(BlobReader(self, job_id, name), BLOCK_BYTES)

    def put(self, job_id: str, name: str, data: bytes) -> Head:
        """Write a small blob whole."""
        with self.writer(job_id, name) as writer:
            writer.write(data)
            return writer.finish()

    def get(self, job_id: str, name: str) -> bytes:
        """Read a blob whole.

        Raises:
            BlobMissingError: there is no such blob (any more).

        """
        with self.reader(job_id, name) as reader:
            return reader.read()

    def head(self, job_id: str, name: str) -> Head | None:
        """What is known of a blob, or None where it is not finished."""
        raw = cast("bytes | None", self.redis.get(_head(job_id, name)))
        return Head.model_validate_json(raw) if raw else None

    def delete(self, job_id: str) -> None:
        """Remove everything that belongs to a job."""
        index = _index(job_id)
        names = list(cast("Iterable[bytes]", self.redis.smembers(index)))
        for start in range(0, len(names), DELETE_BATCH):
            self.redis.unlink(*names[start : start + DELETE_BATCH])
        self.redis.delete(index)

    def discard(self, job_id: str, name: str) -> None:
        """Remove one blob; nothing happens where it is not there."""
        head = self.head(job_id, name)
        if head is None:
            return
        blocks = (_block(job_id, name, number) for number in range(head.blocks))
        names = [_head(job_id, name), *blocks]
        with self.redis.pipeline(transaction=True) as pipe:
            pipe.unlink(*names)
            pipe.srem(_index(job_id), *names)
            pipe.execute()

    def store(self, job_id: str, name: str, data: bytes) -> None:
        """Set one key of a job's and note it for ``delete``, in one transaction."""
        with self.redis.pipeline(transaction=True) as pipe:
            pipe.sadd(_index(job_id), name)
            pipe.expire(_index(job_id), self.ttl_s)
            pipe.set(name, data, ex=self.ttl_s)
            pipe.execute()


class BlobWriter(io.RawIOBase):
    """Writes a blob block by block; holds one block in memory and hashes on the way."""

    def __init__(self, blobs: BlobStore, job_id: str, name: str) -> None:
        super().__init__()
        self._spool = blobs
        self._job_id = job_id
        self._name = name
        self._pending = bytearray()
        self._hash = hashlib.sha256()
        self._blocks = 0
        self.size = 0

    def writable(self) -> bool:
        """Return True: that is what it is for."""
        return True

    def write(self, data: object, /) -> int:
        """Take bytes in; full blocks go out at once."""
        view = memoryview(cast("bytes", data)).cast("B")
        self._pending += view
        self._hash.update(view)
        self.size += len(view)
        while len(self._pending) >= BLOCK_BYTES:
            self._send(bytes(self._pending[:BLOCK_BYTES]))
            del self._pending[:BLOCK_BYTES]
        return len(view)

    def finish(self) -> Head:
        """Write what is left and then the head: from now on the blob is there."""
        if self._pending:
            self._send(bytes(self._pending))
            self._pending.clear()
        head = Head(size=self.size, sha256=self._hash.hexdigest(), blocks=self._blocks)
        self._spool.store(
            self._job_id, _head(self._job_id, self._name), head.model_dump_json().encode()
        )
        return head

    def _send(self, block: bytes) -> None:
        self._spool.store(self._job_id, _block(self._job_id, self._name, self._blocks), block)
        self._blocks += 1


class BlobReader(io.RawIOBase):
    """Reads a blob by block with random access; holds one block in memory."""

    def __init__(self, blobs: BlobStore, job_id: str, name: str) -> None:
        super().__init__()
        head = blobs.head(job_id, name)
        if head is None:
            raise BlobMissingError(f"{name} of job {job_id} is not in the spool")
        self.head = head
        self._spool = blobs
        self._job_id = job_id
        self._name = name
        self._position = 0
        self._cached: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        """Return True: that is what it is for."""
        return True

    def seekable(self) -> bool:
        """Return True: blocks are fetched by number."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move; positions behind the end read as empty."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.head.size}[whence]
        if base + offset < 0:
            raise OSError("seek before the start of a blob")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """Position in bytes."""
        return self._position

    def readinto(self, buffer: object, /) -> int:
        """Fill a buffer up to the end of the current block."""
        target = memoryview(cast("bytearray", buffer)).cast("B")
        if self._position >= self.head.size:
            return 0
        number, offset = divmod(self._position, BLOCK_BYTES)
        piece = self._fetch(number)[offset : offset + len(target)]
        target[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def _fetch(self, number: int) -> bytes:
        if self._cached[0] != number:
            name = _block(self._job_id, self._name, number)
            block = cast("bytes | None", self._spool.redis.get(name))
            if block is None:
                raise BlobMissingError(f"block {number} of {self._name} has outlived its time")
            self._cached = (number, block)
        return self._cached[1]


def _index(job_id: str) -> str:
    return key("spool", job_id)


def _head(job_id: str, name: str) -> str:
    return key("spool", job_id, name)


def _block(job_id: str, name: str, number: int) -> str:
    return key("spool", job_id, name, number)
