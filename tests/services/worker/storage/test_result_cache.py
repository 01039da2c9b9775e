"""Finished answers: found by content and by Telegram's id, for a while, within a bound."""

import random
from collections.abc import Iterator
from typing import cast

import pytest
from redis import Redis

from services.worker.storage.result_cache import (
    MAX_NAMES,
    CachedResult,
    ResultCache,
)
from shared.settings import RedisSettings, ResultCacheSettings
from shared.store.keys import RESULTS_SIZES, RESULTS_TOTAL, RESULTS_USED
from shared.store.redis_client import connect

SMALL = CachedResult(verdict=b'{"genre": "jazz"}', preview=bytes(128))
FULL = CachedResult(verdict=b"{}", preview=bytes(range(128)), clip=b"OggS", clip_span="3.0 12.0")
BOUND = 4_000_000


@pytest.fixture
def redis(redis_settings: RedisSettings) -> Iterator[Redis]:
    """Client whose values are bytes."""
    with connect(redis_settings, text=False) as client:
        yield client


@pytest.fixture
def result_cache(redis: Redis) -> ResultCache:
    """An empty cache with the smallest bound there may be."""
    return ResultCache(redis, ResultCacheSettings(answer_bytes=BOUND), "v1")


def _large(seed: int, size: int = 1_000_000) -> CachedResult:
    """An answer that takes a little more than ``size`` bytes."""
    return CachedResult(verdict=b"{}", preview=b"", clip=random.Random(seed).randbytes(size))


def _age(redis: Redis, seconds: float) -> None:
    """Let time pass for everything that is kept."""
    for answer, used in cast(
        "list[tuple[bytes, float]]", redis.zrange(RESULTS_USED, 0, -1, withscores=True)
    ):
        redis.zadd(RESULTS_USED, {answer: used - seconds})


def _bytes_kept(redis: Redis) -> int:
    """What is there, counted one by one."""
    total = 0
    for name in cast("list[bytes]", redis.keys("genrebot:result:*")):
        kind = redis.type(name)
        if kind == b"hash":
            fields = cast("dict[bytes, bytes]", redis.hgetall(name.decode()))
            total += sum(len(field) + len(value) for field, value in fields.items())
        elif kind == b"string":
            total += 2 * len(name) + len(cast("bytes", redis.get(name)))
    return total


@pytest.mark.parametrize("answer", [SMALL, FULL])
def test_an_answer_is_found_as_it_was_kept(result_cache: ResultCache, answer: CachedResult) -> None:
    """By content and by each of its ids, byte by byte; nothing else is."""
    assert result_cache.keep("aa", answer, ["u1", "u2"])
    assert (
        result_cache.find("aa")
        == result_cache.find_file("u1")
        == result_cache.find_file("u2")
        == answer
    )
    assert (
        result_cache.find("bb")
        is result_cache.find_file("u3")
        is result_cache.find_file("aa")
        is None
    )


def test_a_further_id_leads_to_the_same_answer(result_cache: ResultCache) -> None:
    """A file that is known by its content is known by its id from then on."""
    result_cache.keep("aa", SMALL)
    assert result_cache.find_file("u9") is None
    assert result_cache.find("aa", "u9") == SMALL
    assert result_cache.find_file("u9") == SMALL


def test_an_id_that_leads_nowhere_is_not_kept(result_cache: ResultCache, redis: Redis) -> None:
    """Asking for what is unknown leaves nothing behind."""
    assert result_cache.find("aa", "u9") is None
    assert redis.dbsize() == 0


def test_another_version_knows_nothing_of_it(result_cache: ResultCache, redis: Redis) -> None:
    """A new model answers anew; the old one's answers stay for those who still run it."""
    other = ResultCache(redis, ResultCacheSettings(answer_bytes=BOUND), "v2")
    result_cache.keep("aa", SMALL, ["u1"])
    assert other.find("aa") is other.find_file("u1") is None
    other.keep("aa", FULL, ["u1"])
    assert (result_cache.find_file("u1"), other.find_file("u1")) == (SMALL, FULL)


def test_the_bound_holds_and_what_was_used_longest_ago_goes_first(
    result_cache: ResultCache, redis: Redis
) -> None:
    """Of four that do not fit together, the one that nobody asked for gives way."""
    for seed, sha256 in enumerate("abc"):
        result_cache.keep(sha256, _large(seed), [f"u{sha256}"])
    assert result_cache.find("a") is not None
    result_cache.keep("d", _large(4))
    assert [sha256 for sha256 in "abcd" if result_cache.find(sha256)] == ["a", "c", "d"]
    assert result_cache.find_file("ub") is None
    assert not redis.keys("*ub*")
    assert result_cache.size() == _bytes_kept(redis) <= BOUND


def test_versions_share_the_bound(result_cache: ResultCache, redis: Redis) -> None:
    """Outbox of a model that is no longer used give way to those of the present one."""
    other = ResultCache(redis, ResultCacheSettings(answer_bytes=BOUND), "v2")
    for seed, sha256 in enumerate("abc"):
        result_cache.keep(sha256, _large(seed))
    for seed, sha256 in enumerate("abc"):
        other.keep(sha256, _large(seed))
    assert not any(result_cache.find(sha256) for sha256 in "abc")
    assert all(other.find(sha256) for sha256 in "abc")


def test_an_answer_above_the_bound_is_not_kept(result_cache: ResultCache, redis: Redis) -> None:
    """It is given up, and with it all accounts come to nothing."""
    assert not result_cache.keep("a", _large(0, BOUND), ["u"])
    assert result_cache.find("a") is result_cache.find_file("u") is None
    assert result_cache.size() == _bytes_kept(redis) == 0


def test_answers_grow_old(result_cache: ResultCache, redis: Redis) -> None:
    """After the time to live since its last use an answer is gone, for Redis and for us."""
    ttl_s = ResultCacheSettings().answer_ttl_s
    result_cache.keep("a", SMALL, ["ua"])
    result_cache.keep("b", SMALL, ["ub"])
    lives = [cast("int", redis.ttl(name)) for name in cast("list[bytes]", redis.keys("*"))]
    assert len(lives) == 9
    assert all(ttl_s - 5 < life <= ttl_s for life in lives)
    _age(redis, ttl_s / 2)
    assert result_cache.find_file("ua") == SMALL
    _age(redis, ttl_s / 2 + 1)
    assert result_cache.find("a") == SMALL
    assert result_cache.find("b") is result_cache.find_file("ub") is None
    assert result_cache.size() == _bytes_kept(redis)


def test_a_use_renews_all_of_an_answer(result_cache: ResultCache, redis: Redis) -> None:
    """Also the other ids that lead to it, and the accounts."""
    result_cache.keep("a", SMALL, ["u1", "u2"])
    names = cast("list[bytes]", redis.keys("*"))
    for name in names:
        redis.expire(name, 100)
    result_cache.find_file("u1")
    assert all(cast("int", redis.ttl(name)) > 100 for name in names)


@pytest.mark.parametrize("seed", range(5))
def test_the_accounts_are_exact(result_cache: ResultCache, redis: Redis, seed: int) -> None:
    """Whatever is kept, replaced, named, found, expired or pushed out."""
    walk = random.Random(seed)
    for _ in range(60):
        content, unique_id = walk.choice("abcdefgh"), walk.choice("stuvwxyz")
        if walk.random() < 0.5:
            result_cache.keep(content, _large(seed, walk.randrange(2_000_000)), [unique_id])
        elif walk.random() < 0.9:
            result_cache.find(content, f"{content}{unique_id}")
        else:
            _age(redis, walk.random() * ResultCacheSettings().answer_ttl_s)
            result_cache.find_file(unique_id)
        assert result_cache.size() <= BOUND
        assert redis.hlen(RESULTS_SIZES) == redis.zcard(RESULTS_USED)
        assert result_cache.size() == _bytes_kept(redis)


def test_one_answer_has_a_bounded_number_of_names(result_cache: ResultCache) -> None:
    """Further ids are simply not kept; the answer is."""
    result_cache.keep("a", SMALL, [f"u{n}" for n in range(MAX_NAMES)])
    before = result_cache.size()
    assert result_cache.find("a", "one too many") == SMALL
    assert result_cache.find_file("one too many") is None
    assert result_cache.size() == before


def test_accounts_without_answers_are_closed(result_cache: ResultCache, redis: Redis) -> None:
    """Should the list of what is kept ever be lost, the sum does not harness in the way."""
    redis.set(RESULTS_TOTAL, BOUND + 1)
    result_cache.keep("a", SMALL)
    assert result_cache.find("a") is None
    result_cache.keep("a", SMALL)
    assert result_cache.find("a") == SMALL
