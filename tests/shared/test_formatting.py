"""Bars, times and percentages as text."""

import pytest

from shared.formatting import EMPTY, FULL, bar, clock, percent


@pytest.mark.parametrize("width", [1, 7, 10])
def test_bars_keep_their_width_and_grow(width: int) -> None:
    """From nothing to all a bar only grows, and it is always as wide as asked for."""
    bars = [bar(k / 100, width) for k in range(101)]
    assert {len(text) for text in bars} == {width}
    filled = [text.count(FULL) for text in bars]
    assert filled == sorted(filled)
    assert (bars[0], bars[-1]) == (EMPTY * width, FULL * width)


def test_the_smallest_share_shows() -> None:
    """Above nothing there is something to see."""
    assert bar(0.001) == FULL + EMPTY * 9


@pytest.mark.parametrize(("share", "filled"), [(-1.0, 0), (0.0, 0), (0.5, 5), (7.0, 10)])
def test_shares_out_of_range_are_clamped(share: float, filled: int) -> None:
    """No share makes a bar longer than itself."""
    assert bar(share).count(FULL) == filled


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00"),
        (59.4, "0:59"),
        (59.9, "1:00"),
        (61, "1:01"),
        (3599, "59:59"),
        (3600, "1:00:00"),
        (7325, "2:02:05"),
    ],
)
def test_times_read_like_a_clock(seconds: float, text: str) -> None:
    """Minutes and seconds, with hours where there are any."""
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (0.005, "<1 %"),
        (0.006, "1 %"),
        (0.626, "63 %"),
        (0.994, "99 %"),
        (0.996, ">99 %"),
        (1, "100 %"),
    ],
)
def test_percent(share: float, text: str) -> None:
    """Only exact 0 and 1 are written as 0 % and 100 %."""
    assert percent(share) == text
