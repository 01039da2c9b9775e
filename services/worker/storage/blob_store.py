"""The blob store: audio and features that tasks hand to each other, in Redis.

A blob is a sequence of blocks and a head. It exists once its head is written, which is last: a
task that dies in the middle leaves nothing that looks whole. Blobs have names of their job's
(``storage.artifacts``) and a time to live; ``delete`` removes all of a job's.
"""

import hashlib
import io
from collections.abc import Iterable
from typing import Self, cast

from pydantic import BaseModel, ConfigDict
from redis import Redis

from shared.settings import JobSettings, RedisSettings
from shared.store.keys import blob_block_key, blob_head_key, blob_index_key
from shared.store.redis_client import connect

BLOCK_BYTES = (1 << 20) - 1024
"""Bytes in a block.

A little less than 1 MiB, so that with Redis' own header it fits into 1 MiB of its allocator,
whose next size is a quarter larger."""
DELETE_BATCH = 500
"""Keys that are deleted in one command."""


class BlobMissingError(LookupError):
    """A blob was never finished, was deleted, or has expired."""


class Head(BaseModel):
    """Describes a finished blob."""

    model_config = ConfigDict(frozen=True)

    size: int
    sha256: str
    blocks: int


class BlobStore:
    """Blobs by job and name. Every method talks to Redis and may block.

    Args:
        redis: client whose values are bytes.
        ttl_s: seconds that a blob is kept after it was written.

    """

    def __init__(self, redis: Redis, ttl_s: int) -> None:
        self.redis = redis
        self.ttl_s = ttl_s

    @classmethod
    def open(cls, redis: RedisSettings, settings: JobSettings) -> Self:
        """Make a store with a connection of its own."""
        return cls(connect(redis, text=False), settings.spool_ttl_s)

    def writer(self, job_id: str, name: str) -> "BlobWriter":
        """Return a file object that writes a blob; ``finish()`` makes the blob exist."""
        return BlobWriter(self, job_id, name)

    def reader(self, job_id: str, name: str) -> io.BufferedReader:
        """Return a seekable file object that reads a blob.

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
        """Describe a blob; None if it does not exist."""
        raw = cast("bytes | None", self.redis.get(blob_head_key(job_id, name)))
        return Head.model_validate_json(raw) if raw else None

    def delete(self, job_id: str) -> None:
        """Delete all blobs of a job."""
        index = blob_index_key(job_id)
        names = list(cast("Iterable[bytes]", self.redis.smembers(index)))
        for start in range(0, len(names), DELETE_BATCH):
            self.redis.unlink(*names[start : start + DELETE_BATCH])
        self.redis.delete(index)

    def discard(self, job_id: str, name: str) -> None:
        """Delete one blob, if it exists."""
        head = self.head(job_id, name)
        if head is None:
            return
        blocks = (blob_block_key(job_id, name, number) for number in range(head.blocks))
        names = [blob_head_key(job_id, name), *blocks]
        with self.redis.pipeline(transaction=True) as pipe:
            pipe.unlink(*names)
            pipe.srem(blob_index_key(job_id), *names)
            pipe.execute()

    def store(self, job_id: str, name: str, data: bytes) -> None:
        """Set one key and note it for ``delete``, in one transaction."""
        with self.redis.pipeline(transaction=True) as pipe:
            pipe.sadd(blob_index_key(job_id), name)
            pipe.expire(blob_index_key(job_id), self.ttl_s)
            pipe.set(name, data, ex=self.ttl_s)
            pipe.execute()


class BlobWriter(io.RawIOBase):
    """Writes and hashes a blob block by block; holds one block in memory."""

    def __init__(self, blobs: BlobStore, job_id: str, name: str) -> None:
        super().__init__()
        self._blobs = blobs
        self._job_id = job_id
        self._name = name
        self._pending = bytearray()
        self._hash = hashlib.sha256()
        self._blocks = 0
        self.size = 0

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: object, /) -> int:
        """Take bytes; full blocks are stored at once."""
        view = memoryview(cast("bytes", data)).cast("B")
        self._pending += view
        self._hash.update(view)
        self.size += len(view)
        while len(self._pending) >= BLOCK_BYTES:
            self._send(bytes(self._pending[:BLOCK_BYTES]))
            del self._pending[:BLOCK_BYTES]
        return len(view)

    def finish(self) -> Head:
        """Store what is left, and then the head: from now on the blob exists."""
        if self._pending:
            self._send(bytes(self._pending))
            self._pending.clear()
        head = Head(size=self.size, sha256=self._hash.hexdigest(), blocks=self._blocks)
        self._blobs.store(
            self._job_id, blob_head_key(self._job_id, self._name), head.model_dump_json().encode()
        )
        return head

    def _send(self, block: bytes) -> None:
        self._blobs.store(
            self._job_id, blob_block_key(self._job_id, self._name, self._blocks), block
        )
        self._blocks += 1


class BlobReader(io.RawIOBase):
    """Reads a blob with random access; holds one block in memory."""

    def __init__(self, blobs: BlobStore, job_id: str, name: str) -> None:
        super().__init__()
        head = blobs.head(job_id, name)
        if head is None:
            raise BlobMissingError(f"blob {name} of job {job_id} does not exist")
        self.head = head
        self._blobs = blobs
        self._job_id = job_id
        self._name = name
        self._position = 0
        self._cached: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move. Reading beyond the end returns nothing."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.head.size}[whence]
        if base + offset < 0:
            raise OSError("seek before the start of a blob")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """Return the position in bytes."""
        return self._position

    def readinto(self, buffer: object, /) -> int:
        """Fill a buffer, at most up to the end of the current block."""
        target = memoryview(cast("bytearray", buffer)).cast("B")
        if self._position >= self.head.size:
            return 0
        number, offset = divmod(self._position, BLOCK_BYTES)
        part = self._fetch(number)[offset : offset + len(target)]
        target[: len(part)] = part
        self._position += len(part)
        return len(part)

    def _fetch(self, number: int) -> bytes:
        if self._cached[0] != number:
            name = blob_block_key(self._job_id, self._name, number)
            block = cast("bytes | None", self._blobs.redis.get(name))
            if block is None:
                raise BlobMissingError(f"block {number} of {self._name} has expired")
            self._cached = (number, block)
        return self._cached[1]
