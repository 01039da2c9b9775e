"""Limits of users and chats, and the sentences that say when it goes on."""

import time
from typing import Any, cast

import pytest
from redis import Redis

from services.bot import texts
from services.bot.config import UsageSettings
from services.bot.usage import Limited, LimitReached, UsageLimits
from shared.settings import RedisSettings
from shared.store.redis_client import connect
from tests.services.bot.samples import GROUP, track

NO_LIMITS: dict[str, float] = {
    "user_uploads_per_minute": 0,
    "user_tracks_per_day": 0,
    "user_hours_per_day": 0,
    "chat_uploads_per_minute": 0,
    "chat_tracks_per_day": 0,
    "chat_hours_per_day": 0,
}


@pytest.fixture
def redis(redis_settings: RedisSettings) -> Redis:
    """An empty server."""
    return connect(redis_settings, text=True)


def _limits(redis: Redis, **changes: float) -> UsageLimits:
    return UsageLimits(redis, UsageSettings.model_validate({**NO_LIMITS, **changes}))


def _accepted(limits: UsageLimits, number: int, **facts: Any) -> LimitReached | None:
    """Send tracks until one is refused, but no more than ``number``."""
    for _ in range(number):
        refused = limits.check(track(**facts))
        if refused is not None:
            return refused
        limits.count(track(**facts))
    return None


@pytest.mark.parametrize(
    ("setting", "what", "window_s"),
    [
        ("user_uploads_per_minute", Limited.UPLOADS, 60),
        ("user_tracks_per_day", Limited.TRACKS, 86_400),
    ],
)
def test_tracks_of_a_user_are_limited(
    redis: Redis, setting: str, what: Limited, window_s: int
) -> None:
    """Across all chats, and for each user alone; the end of the window is known."""
    limits = _limits(redis, **{setting: 3})
    assert _accepted(limits, 2, user_id=1) is None
    assert _accepted(limits, 1, user_id=1, chat_id=GROUP) is None
    refused = _accepted(limits, 1, user_id=1)
    assert refused is not None
    assert (refused.what, refused.scope, refused.amount) == (what, "user", 3)
    assert refused.resumes_at is not None
    assert window_s - 5 < refused.resumes_at - time.time() <= window_s + 1
    assert _accepted(limits, 1, user_id=2) is None


def test_hours_of_audio_are_limited(redis: Redis) -> None:
    """By the declared length, else by what the size suggests; a short track may still fit."""
    limits = _limits(redis, user_hours_per_day=2)
    assert _accepted(limits, 1, user_id=1, duration_s=5400.0) is None
    refused = _accepted(limits, 1, user_id=1, duration_s=2700.0)
    assert refused is not None
    assert (refused.what, refused.amount) == (Limited.HOURS, 2)
    assert _accepted(limits, 1, user_id=1, duration_s=1800.0) is None
    assert _accepted(limits, 1, user_id=1) is not None


def test_a_track_above_the_daily_hours_is_never_accepted(redis: Redis) -> None:
    """And the refusal does not promise another time."""
    refused = _limits(redis, user_hours_per_day=1).check(track(duration_s=3601.0))
    assert refused is not None
    assert refused.resumes_at is None


def test_a_group_is_limited_for_all_its_users(redis: Redis) -> None:
    """A private chat is not: there the limits of its user apply."""
    limits = _limits(redis, chat_tracks_per_day=2)
    assert _accepted(limits, 1, user_id=1, chat_id=GROUP) is None
    assert _accepted(limits, 1, user_id=2, chat_id=GROUP) is None
    refused = _accepted(limits, 1, user_id=3, chat_id=GROUP)
    assert refused is not None
    assert refused.scope == "chat"
    assert _accepted(limits, 9, user_id=3, chat_id=3) is None


def test_counters_expire_with_their_windows(redis: Redis) -> None:
    """And they are named after the bot, the user and nothing else."""
    limits = UsageLimits(redis, UsageSettings())
    limits.count(track(user_id=1, title="Secret"))
    keys = cast("list[str]", redis.keys("*"))
    assert len(keys) == 6, "three for the user, three for the chat"
    for name in keys:
        assert name.startswith("genrebot:usage:")
        assert 0 < cast("int", redis.ttl(name)) <= 86_400


@pytest.mark.parametrize(
    ("refused", "sentence"),
    [
        (
            LimitReached(Limited.UPLOADS, "user", 20, 30.0),
            (
                "That was 20 tracks within a minute, as many as I take from one person."
                " Send this one again in under a minute."
            ),
        ),
        (
            LimitReached(Limited.TRACKS, "user", 200, 3 * 3600.0),
            (
                "That was 200 tracks within a day, as many as I take from one person."
                " Send this one again in about 3 hours."
            ),
        ),
        (
            LimitReached(Limited.TRACKS, "chat", 1, 300.0),
            (
                "That was 1 track within a day, as many as I take from one chat."
                " Send this one again in about 5 min."
            ),
        ),
        (
            LimitReached(Limited.HOURS, "user", 24.0, 600.0),
            (
                "With this track it would be more than 24 hours of music within a day, the most"
                " that I take from one person. Send it again in about 10 min."
            ),
        ),
        (
            LimitReached(Limited.HOURS, "user", 1.0, None),
            (
                "This track alone is longer than an hour, the most that I take from one person"
                " within a day. Send a part of it."
            ),
        ),
    ],
)
def test_the_sentence_says_when_it_goes_on(refused: LimitReached, sentence: str) -> None:
    """In the words in which an ETA is told; short enough for an alert."""
    text = texts.limit_reached(refused, now=0.0)
    assert text == sentence
    assert len(text) <= 200
