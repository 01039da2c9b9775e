"""Outbox that were given, for the next who sends the same file; in Redis, and bounded.

An answer is kept under what made it (the version of the model) and what it is about (the
SHA-256 of the file's content). The ids by which Telegram knows a file lead to it too. Nothing
here tells who sent the file or what they called it: only what the file itself says is kept.

What is kept longest without being asked for goes first, once it is too old or too much. Every
change and its accounting are one script.
"""

import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, cast

from redis import Redis
from redis.commands.core import Script

from shared.settings import AnswerSettings
from shared.store.known_files import cached_result_key
from shared.store.redis_client import key

USED: Final = key("answers", "used")
"""Sorted set of what is kept, by when it was last used."""
SIZES: Final = key("answers", "sizes")
"""Hash of what is kept to its bytes."""
TOTAL: Final = key("answers", "total")
"""The sum of those."""

MOST_NAMES: Final = 100
"""Telegram's ids under which one answer goes; a file with a further one is fetched to be known."""

# KEYS: USED, SIZES, TOTAL, the answer or (to find it) one of its names, which are keys that
# hold the answer's. ARGV: now, time to live, most bytes, most names, what each script adds.
_ACCOUNTS: Final = """
local used, sizes, total = KEYS[1], KEYS[2], KEYS[3]
local function drop(answer)
  for _, alias in ipairs(redis.call('SMEMBERS', answer .. ':names')) do
    redis.call('DEL', alias)
  end
  redis.call('DEL', answer, answer .. ':names')
  redis.call('DECRBY', total, redis.call('HGET', sizes, answer) or 0)
  redis.call('HDEL', sizes, answer)
  redis.call('ZREM', used, answer)
end
local function grow(answer, bytes)
  redis.call('HINCRBY', sizes, answer, bytes)
  redis.call('INCRBY', total, bytes)
end
local function name(answer, alias)
  if redis.call('SCARD', answer .. ':names') >= tonumber(ARGV[4]) then return end
  local before = redis.call('GET', alias)
  if before and redis.call('SREM', before .. ':names', alias) == 1 then
    grow(before, -2 * #alias - #before)
  end
  redis.call('SADD', answer .. ':names', alias)
  grow(answer, 2 * #alias + #answer)
  redis.call('SET', alias, answer)
end
local function touch(answer, now, ttl)
  redis.call('ZADD', used, now, answer)
  for _, alias in ipairs(redis.call('SMEMBERS', answer .. ':names')) do
    redis.call('EXPIRE', alias, ttl)
  end
  for _, each in ipairs({answer, answer .. ':names', used, sizes, total}) do
    redis.call('EXPIRE', each, ttl)
  end
end
local function tidy(now, ttl, most)
  for _, old in ipairs(redis.call('ZRANGEBYSCORE', used, '-inf', now - ttl)) do drop(old) end
  while tonumber(redis.call('GET', total) or 0) > most do
    local oldest = redis.call('ZRANGE', used, 0, 0)[1]
    if not oldest then redis.call('DEL', total, sizes) break end
    drop(oldest)
  end
end
"""

# ARGV: the number of names, the names, then fields and values.
_KEEP = (
    _ACCOUNTS
    + """
local answer, first = KEYS[4], 6 + tonumber(ARGV[5])
if redis.call('EXISTS', answer) == 1 then drop(answer) end
for i = first, #ARGV, 2 do
  redis.call('HSET', answer, ARGV[i], ARGV[i + 1])
  grow(answer, #ARGV[i] + #ARGV[i + 1])
end
for i = 6, first - 1 do name(answer, ARGV[i]) end
touch(answer, tonumber(ARGV[1]), ARGV[2])
tidy(tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]))
return redis.call('EXISTS', answer)
"""
)

# ARGV: a further name, or ''.
_FIND = (
    _ACCOUNTS
    + """
tidy(tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]))
local answer = KEYS[4]
if redis.call('TYPE', answer).ok == 'string' then answer = redis.call('GET', answer) end
if redis.call('TYPE', answer).ok ~= 'hash' then return false end
if ARGV[5] ~= '' then name(answer, ARGV[5]) end
touch(answer, tonumber(ARGV[1]), ARGV[2])
return redis.call('HGETALL', answer)
"""
)


@dataclass(frozen=True)
class CachedResult:
    """What is said about a content, without anything that its sender added."""

    verdict: bytes
    """A verdict as JSON."""
    preview: bytes
    """The mel preview, 128 rows of bytes one after the other."""
    clip: bytes | None = None
    """The strongest moment as OGG/Opus, where one was cut."""
    clip_span: str | None = None
    """Its start and end in seconds."""


class ResultCache:
    """Finished answers of one version. Every method talks to Redis and may block.

    Args:
        redis: client whose values are bytes.
        settings: how long and how much is kept.
        version: of whatever makes the answers; those of another one are never seen.

    """

    def __init__(self, redis: Redis, settings: AnswerSettings, version: str) -> None:
        self._redis = redis
        self._settings = settings
        self._version = version
        self._keep = redis.register_script(_KEEP)
        self._find = redis.register_script(_FIND)

    def keep(self, sha256: str, answer: CachedResult, unique_ids: Iterable[str] = ()) -> bool:
        """Keep an answer, in place of one that was kept before.

        Args:
            sha256: of the content.
            answer: what is said of it.
            unique_ids: Telegram's ids under which it is to be found too.

        Returns:
            Whether it is kept; False where it alone is larger than all may be.

        """
        aliases = [self._alias(unique_id) for unique_id in unique_ids]
        packed = [part for item in _packed(answer).items() for part in item]
        return bool(self._run(self._keep, self._name(sha256), len(aliases), *aliases, *packed))

    def find(self, sha256: str, unique_id: str | None = None) -> CachedResult | None:
        """Look up an answer by content; from now on it goes by ``unique_id`` too."""
        alias = self._alias(unique_id) if unique_id else ""
        return _unpacked(self._run(self._find, self._name(sha256), alias))

    def find_file(self, unique_id: str) -> CachedResult | None:
        """Look up an answer by Telegram's id of a file."""
        return _unpacked(self._run(self._find, self._alias(unique_id), ""))

    def size(self) -> int:
        """Bytes of everything that is kept: values, names of fields, and ids, without overhead."""
        return int(cast("bytes | None", self._redis.get(TOTAL)) or 0)

    def _run(self, script: Script, name: str, *args: str | bytes | int) -> object:
        limits = [time.time(), self._settings.answer_ttl_s, self._settings.answer_bytes, MOST_NAMES]
        return script(keys=[USED, SIZES, TOTAL, name], args=[*limits, *args])

    def _name(self, sha256: str) -> str:
        return key("answer", self._version, sha256)

    def _alias(self, unique_id: str) -> str:
        return cached_result_key(self._version, unique_id)


def _packed(answer: CachedResult) -> dict[str, bytes]:
    fields = {
        "verdict": zlib.compress(answer.verdict),
        "preview": zlib.compress(answer.preview),
        "clip": answer.clip,
        "clip_span": answer.clip_span and answer.clip_span.encode(),
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
