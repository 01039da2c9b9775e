"""Limits how much one user, and one group chat, may send."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from math import ceil
from typing import Final, Literal, NamedTuple

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis import Redis

from services.bot.config import UsageSettings
from shared.domain.track import Track
from shared.scheduling.cost_model import expected_s
from shared.store.keys import key

SECONDS_PER_HOUR: Final = 3600

Scope = Literal["user", "chat"]


class Limited(Enum):
    """What is limited."""

    UPLOADS = auto()
    """Tracks a minute."""
    TRACKS = auto()
    """Tracks a day."""
    HOURS = auto()
    """Hours of audio a day."""


@dataclass(frozen=True)
class LimitReached:
    """A limit that one more track would exceed."""

    what: Limited
    scope: Scope
    amount: float
    """The limit: tracks, or hours of audio."""
    resumes_at: float | None
    """When such a track would be accepted, in seconds since the epoch; None for never, as the
    track alone exceeds the limit."""


class _Limit(NamedTuple):
    what: Limited
    scope: Scope
    amount: float
    item: RateLimitItem
    cost: int
    identifier: str


class UsageLimits:
    """Counts tracks and hours in Redis. Every method blocks.

    A window starts with the first track and ends a minute, or a day, later; so the time at which
    a user can go on is exact.

    Args:
        redis: Where the counters are kept; they expire with their windows.
        settings: The limits.

    """

    def __init__(self, redis: Redis, settings: UsageSettings) -> None:
        self._settings = settings
        storage = RedisStorage(
            "redis://", connection_pool=redis.connection_pool, key_prefix=key("usage")
        )
        self._limiter = FixedWindowRateLimiter(storage)

    def check(self, track: Track) -> LimitReached | None:
        """Return the limit that a track would exceed; None if it exceeds none.

        Raises:
            redis.exceptions.RedisError: Redis does not answer.

        """
        for limit in self._limits(track):
            if self._limiter.test(limit.item, limit.identifier, cost=limit.cost):
                continue
            resumes_at = None
            if limit.cost <= limit.item.amount:
                resumes_at = self._limiter.get_window_stats(limit.item, limit.identifier).reset_time
            return LimitReached(limit.what, limit.scope, limit.amount, resumes_at)
        return None

    def count(self, track: Track) -> None:
        """Count a track that was accepted.

        Raises:
            redis.exceptions.RedisError: Redis does not answer.

        """
        for limit in self._limits(track):
            self._limiter.hit(limit.item, limit.identifier, cost=limit.cost)

    def _limits(self, track: Track) -> Iterator[_Limit]:
        settings = self._settings
        yield from _apply(
            "user",
            track.user,
            ceil(expected_s(track)),
            settings.user_uploads_per_minute,
            settings.user_tracks_per_day,
            settings.user_hours_per_day,
        )
        if track.user_id is None or track.chat_id == track.user_id:
            return  # one and the same: a private chat, or a user who speaks for the chat
        yield from _apply(
            "chat",
            f"{track.bot_id}/{track.chat_id}",
            ceil(expected_s(track)),
            settings.chat_uploads_per_minute,
            settings.chat_tracks_per_day,
            settings.chat_hours_per_day,
        )


def _apply(  # noqa: PLR0913, PLR0917 - the limits of one scope
    scope: Scope, identifier: str, seconds: int, uploads: int, tracks: int, hours: float
) -> Iterator[_Limit]:
    """List the limits that apply to a track; the one that ends first comes first."""
    if uploads:
        item = RateLimitItemPerMinute(uploads, namespace=scope)
        yield _Limit(Limited.UPLOADS, scope, uploads, item, 1, identifier)
    if tracks:
        item_per_day = RateLimitItemPerDay(tracks, namespace=scope)
        yield _Limit(Limited.TRACKS, scope, tracks, item_per_day, 1, identifier)
    if hours:
        audio = RateLimitItemPerDay(round(hours * SECONDS_PER_HOUR), namespace=f"{scope}-audio")
        yield _Limit(Limited.HOURS, scope, hours, audio, seconds, identifier)
