"""Telegram's rate limits, as token buckets."""

import math
import time
from collections.abc import Callable, Iterator

from devtools.emulator.config import RateLimits
from devtools.emulator.errors import too_many_requests


class Bucket:
    """A token bucket: ``burst`` tokens, refilled at ``rate`` tokens a second."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at = now

    def wait(self, now: float) -> float:
        """Return the seconds until a token is available, 0 if one is."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        return max(0.0, (1 - self._tokens) / self._rate)

    def take(self) -> None:
        """Take a token, after ``wait`` returned 0."""
        self._tokens -= 1


class RateLimiter:
    """Counts the bot's messages and edits, and enforces the limits.

    Args:
        limits: the limits; None for none.
        clock: a monotonic clock, in seconds.

    """

    def __init__(
        self, limits: RateLimits | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, int], Bucket] = {}
        self._limits = limits

    def switch(self, limits: RateLimits | None) -> None:
        """Replace the limits and reset the counts."""
        self._limits = limits
        self._buckets.clear()

    def charge(self, chat_id: int) -> None:
        """Count one message or edit.

        Raises:
            ApiError: 429 with the seconds to wait; the call is then not counted.

        """
        if self._limits is None:
            return
        now = self._clock()
        buckets = list(self._applying(self._limits, chat_id, now))
        wait = max(bucket.wait(now) for bucket in buckets)
        if wait > 0:
            raise too_many_requests(math.ceil(wait))
        for bucket in buckets:
            bucket.take()

    def _applying(self, limits: RateLimits, chat_id: int, now: float) -> Iterator[Bucket]:
        chat = (limits.chat_per_second, limits.chat_burst)
        yield self._buckets.setdefault(("chat", chat_id), Bucket(*chat, now))
        overall = (limits.overall_per_second, limits.overall_per_second)
        yield self._buckets.setdefault(("all", 0), Bucket(*overall, now))
        if chat_id < 0:
            group = (limits.group_per_minute / 60, limits.group_per_minute)
            yield self._buckets.setdefault(("group", chat_id), Bucket(*group, now))
