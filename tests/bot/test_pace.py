"""The throttle, on a clock of its own."""

import pytest

from services.bot.pace import OVERALL_PER_S, RESERVED, Pace
from tests.bot.waiting import Clock


@pytest.fixture
def clock() -> Clock:
    """Time that moves when told to."""
    return Clock()


def densest(times: list[float], window_s: float) -> int:
    """Most events in any half-open window of some length."""
    return max(sum(start <= t < start + window_s for t in times) for start in times)


def test_a_private_chat_gets_one_a_second(clock: Clock) -> None:
    """However often it is asked, one second lies between two messages to a person."""
    pace = Pace(clock)
    times = []
    for _ in range(600):
        if pace.take(7, first=False):
            times.append(clock.now)
        clock.now += 0.1
    assert densest(times, 0.99) == 1
    assert len(times) > 50


def test_a_group_gets_twenty_a_minute(clock: Clock) -> None:
    """Edits and first messages together stay within the group's minute; edits leave room."""
    pace = Pace(clock)
    times, edits = [], []
    for step in range(3000):
        first = step % 3 == 0
        if pace.take(-100, first=first):
            times.append(clock.now)
            if not first:
                edits.append(clock.now)
        clock.now += 0.1
    assert densest(times, 60.0) == 20


def test_edits_alone_never_use_up_a_groups_minute(clock: Clock) -> None:
    """A long job in a group leaves room for the next job's first message at any time."""
    pace = Pace(clock)
    for _ in range(3000):
        pace.take(-100, first=False)
        clock.now += 0.1
    clock.now += 1.0
    assert pace.take(-100, first=True)


def test_all_chats_together_stay_below_the_limit(clock: Clock) -> None:
    """In no second more than 30 go out, and edits leave room for first messages."""
    pace = Pace(clock)
    edits = sum(pace.take(chat, first=False) for chat in range(1, 100))
    firsts = sum(pace.take(chat, first=True) for chat in range(100, 200))
    assert (edits, firsts) == (OVERALL_PER_S - RESERVED, RESERVED)
    clock.now += 1.0
    assert pace.take(1, first=False)


def test_a_pause_holds_for_its_chat_only(clock: Clock) -> None:
    """A paused chat gets nothing until the pause is over; a shorter one does not cut it."""
    pace = Pace(clock)
    pace.pause(7, 30)
    pace.pause(7, 1)
    clock.now += 29.9
    assert not pace.take(7, first=True)
    assert pace.take(8, first=True)
    clock.now += 0.1
    assert pace.take(7, first=True)


def test_quiet_chats_are_forgotten(clock: Clock) -> None:
    """Memory holds chats of the last minute and those that are paused, no others."""
    pace = Pace(clock)
    for chat in range(1, 11):
        pace.take(chat, first=True)
    pace.pause(3, 600)
    clock.now += 61
    pace.prune()
    assert list(pace._chats) == [3]
