"""The arithmetic of the rate limits, on a clock that the tests turn."""

import pytest

from devtools.emulator.config import RateLimits
from devtools.emulator.errors import ApiError
from devtools.emulator.state.limits import RateLimiter


class Clock:
    """Seconds that stand still until they are moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock."""
    return Clock()


def waiting_time(limiter: RateLimiter, chat_id: int) -> int | None:
    """Charge one message; give the seconds to wait, or None if it went through."""
    try:
        limiter.charge(chat_id)
    except ApiError as error:
        return error.retry_after
    return None


def test_one_a_second_in_a_chat(clock: Clock) -> None:
    """After a burst of three, one message a second goes through."""
    limiter = RateLimiter(RateLimits(), clock)
    assert [waiting_time(limiter, 1) for _ in range(4)] == [None, None, None, 1]
    clock.now += 1
    assert [waiting_time(limiter, 1) for _ in range(2)] == [None, 1]


def test_twenty_a_minute_in_a_group(clock: Clock) -> None:
    """A group takes twenty messages, then one every three seconds."""
    limiter = RateLimiter(RateLimits(chat_per_second=100, chat_burst=100), clock)
    assert [waiting_time(limiter, -1) for _ in range(21)] == [None] * 20 + [3]
    assert waiting_time(limiter, 1) is None


def test_thirty_a_second_in_all(clock: Clock) -> None:
    """The thirty-first message within a second waits, whatever its chat."""
    limiter = RateLimiter(RateLimits(), clock)
    assert {waiting_time(limiter, chat) for chat in range(1, 31)} == {None}
    assert waiting_time(limiter, 31) == 1
    clock.now += 0.1
    assert waiting_time(limiter, 31) is None


def test_no_limits(clock: Clock) -> None:
    """Without limits everything goes through."""
    limiter = RateLimiter(None, clock)
    assert {waiting_time(limiter, 1) for _ in range(1000)} == {None}
