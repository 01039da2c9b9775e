"""The rate limiter, with a clock that the tests move."""

import pytest

from services.bot.status.rate_limit import OVERALL_PER_S, RESERVED, RateLimiter
from tests.services.bot.waiting import Clock


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until it is moved."""
    return Clock()


def densest(times: list[float], window_s: float) -> int:
    """Return the most events in any half-open window of ``window_s`` seconds."""
    return max(sum(start <= t < start + window_s for t in times) for start in times)


def test_a_private_chat_gets_one_a_second(clock: Clock) -> None:
    """However often it is asked, there is one second between two messages to a user."""
    rate_limiter = RateLimiter(clock)
    times = []
    for _ in range(600):
        if rate_limiter.take(7, first=False):
            times.append(clock.now)
        clock.now += 0.1
    assert densest(times, 0.99) == 1
    assert len(times) > 50


def test_a_group_gets_twenty_a_minute(clock: Clock) -> None:
    """Edits and first messages together stay within the limit."""
    rate_limiter = RateLimiter(clock)
    times, edits = [], []
    for number in range(3000):
        first = number % 3 == 0
        if rate_limiter.take(-100, first=first):
            times.append(clock.now)
            if not first:
                edits.append(clock.now)
        clock.now += 0.1
    assert densest(times, 60.0) == 20


def test_edits_leave_room_for_a_first_message_in_a_group(clock: Clock) -> None:
    """Even while a long job is edited all the time."""
    rate_limiter = RateLimiter(clock)
    for _ in range(3000):
        rate_limiter.take(-100, first=False)
        clock.now += 0.1
    clock.now += 1.0
    assert rate_limiter.take(-100, first=True)


def test_all_chats_together_stay_below_the_limit(clock: Clock) -> None:
    """At most 30 messages a second, and edits leave room for first messages."""
    rate_limiter = RateLimiter(clock)
    edits = sum(rate_limiter.take(chat, first=False) for chat in range(1, 100))
    firsts = sum(rate_limiter.take(chat, first=True) for chat in range(100, 200))
    assert (edits, firsts) == (OVERALL_PER_S - RESERVED, RESERVED)
    clock.now += 1.0
    assert rate_limiter.take(1, first=False)


def test_a_pause_applies_to_one_chat(clock: Clock) -> None:
    """It gets nothing until the pause is over; a shorter pause does not shorten it."""
    rate_limiter = RateLimiter(clock)
    rate_limiter.pause(7, 30)
    rate_limiter.pause(7, 1)
    clock.now += 29.9
    assert not rate_limiter.take(7, first=True)
    assert rate_limiter.take(8, first=True)
    clock.now += 0.1
    assert rate_limiter.take(7, first=True)


def test_quiet_chats_are_forgotten(clock: Clock) -> None:
    """Only chats of the last minute, and those that are paused, are kept."""
    rate_limiter = RateLimiter(clock)
    for chat in range(1, 11):
        rate_limiter.take(chat, first=True)
    rate_limiter.pause(3, 600)
    clock.now += 61
    rate_limiter.prune()
    assert list(rate_limiter._chats) == [3]
