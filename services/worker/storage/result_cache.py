"""The result cache: finished results for whoever sends the same file next; in Redis, and bounded.

A result is kept by what made it (the version of the model) and by what it is about (the SHA-256 of
the file's content). Telegram's ids of the file lead to it too. It holds nothing about who sent the
file or what they called it.

The results that were used least recently are dropped first, once they are too old or too large
together. Every change and its accounting are one Lua script.
"""

import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, cast

from redis import Redis
from redis.commands.core import Script

from shared.settings import ResultCacheSettings
from shared.store.keys import (
    RESULTS_SIZES,
    RESULTS_TOTAL,
    RESULTS_USED,
    cached_result_file_key,
    cached_result_key,
)
from shared.store.lua_scripts import load_script

MAX_NAMES: Final = 100
"""Telegram's ids that lead to one result. A file with a further one is fetched and hashed."""


@dataclass(frozen=True)
class CachedResult:
    """What is known about a content, without anything that its sender added."""

    verdict: bytes
    """A verdict as JSON."""
    preview: bytes
    """The mel preview, 128 rows of bytes one after the other."""
    clip: bytes | None = None
    """The strongest moment as OGG/Opus, if there is a clip."""
    clip_span: str | None = None
    """Its start and end in seconds."""


class ResultCache:
    """The results of one version. Every method talks to Redis and may block.

    Args:
        redis: client whose values are bytes.
        settings: how long and how much is kept.
        version: of what makes the results; those of other versions are never found.

    """

    def __init__(self, redis: Redis, settings: ResultCacheSettings, version: str) -> None:
        self._redis = redis
        self._settings = settings
        self._version = version
        self._keep = redis.register_script(load_script(__package__, "keep_result"))
        self._find = redis.register_script(load_script(__package__, "find_result"))

    def keep(self, sha256: str, result: CachedResult, unique_ids: Iterable[str] = ()) -> bool:
        """Keep a result, in place of an earlier one.

        Args:
            sha256: of the content.
            result: what is known about it.
            unique_ids: Telegram's ids that lead to it too.

        Returns:
            Whether it is kept; not if it alone is larger than all results may be.

        """
        names = [cached_result_file_key(self._version, unique_id) for unique_id in unique_ids]
        packed = [part for item in _packed(result).items() for part in item]
        result_key = cached_result_key(self._version, sha256)
        return bool(self._run(self._keep, result_key, len(names), *names, *packed))

    def find(self, sha256: str, unique_id: str | None = None) -> CachedResult | None:
        """Find a result by content; from now on ``unique_id`` leads to it too."""
        name = cached_result_file_key(self._version, unique_id) if unique_id else ""
        return _unpacked(self._run(self._find, cached_result_key(self._version, sha256), name))

    def find_file(self, unique_id: str) -> CachedResult | None:
        """Find a result by Telegram's id of a file."""
        name = cached_result_file_key(self._version, unique_id)
        return _unpacked(self._run(self._find, name, ""))

    def size(self) -> int:
        """Return the bytes of all results: values, names of fields, and ids, without overhead."""
        return int(cast("bytes | None", self._redis.get(RESULTS_TOTAL)) or 0)

    def _run(self, script: Script, result_key: str, *args: str | bytes | int) -> object:
        limits = [time.time(), self._settings.answer_ttl_s, self._settings.answer_bytes, MAX_NAMES]
        return script(
            keys=[RESULTS_USED, RESULTS_SIZES, RESULTS_TOTAL, result_key],
            args=[*limits, *args],
        )


def _packed(result: CachedResult) -> dict[str, bytes]:
    fields = {
        "verdict": zlib.compress(result.verdict),
        "preview": zlib.compress(result.preview),
        "clip": result.clip,
        "clip_span": result.clip_span and result.clip_span.encode(),
    }
    return {name: value for name, value in fields.items() if value}


def _unpacked(raw: object) -> CachedResult | None:
    if not raw:
        return None
    flat = iter(cast("list[bytes]", raw))
    fields = {name.decode(): value for name, value in zip(flat, flat, strict=True)}
    span = fields.get("clip_span")
    return CachedResult(
        verdict=zlib.decompress(fields["verdict"]),
        preview=zlib.decompress(fields["preview"]),
        clip=fields.get("clip"),
        clip_span=span.decode() if span else None,
    )
