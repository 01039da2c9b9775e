"""The figures of a report: shares, their intervals, and the target."""

import json

import pytest
from scipy.stats import binomtest

from training.robustness.report import Flip, Report, Tally, wilson


def _tally(name: str, flipped: list[str], *, tracks: int = 100, counts: bool = True) -> Tally:
    return Tally(
        condition=name,
        meaning=name,
        counts=counts,
        tracks=tracks,
        flips=[
            Flip(track=track, before="pop", after="rock", sure_before=True, sure_after=True)
            for track in flipped
        ],
        to_unsure=[],
        to_sure=[],
        mean_shift=0.0,
    )


@pytest.mark.parametrize(("hits", "n"), [(0, 76), (1, 76), (2, 100), (50, 100), (76, 76), (1, 1)])
def test_the_interval_is_wilsons(hits: int, n: int) -> None:
    """As SciPy computes it."""
    theirs = binomtest(hits, n).proportion_ci(0.95, method="wilson")
    assert wilson(hits, n) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_the_interval_ends_where_shares_do() -> None:
    """None of them is at least exactly zero, all of them at most exactly one."""
    assert wilson(0, 76)[0] == 0
    assert wilson(76, 76)[1] == 1


@pytest.mark.parametrize(("flips", "held"), [(0, True), (2, True), (3, False)])
def test_two_in_a_hundred_are_just_within_the_target(flips: int, *, held: bool) -> None:
    """The target says at most."""
    tally = _tally("mp3", [f"t{n}" for n in range(flips)])
    assert tally.held is held
    assert tally.rate == flips / 100


def test_conditions_may_hold_each_and_miss_together() -> None:
    """Different tracks add up, the same track does not."""
    apart = [_tally("mp3", ["a", "b"]), _tally("opus", ["c"])]
    alike = [_tally("mp3", ["a", "b"]), _tally("opus", ["a"])]
    for tallies, together in ((apart, False), (alike, True)):
        report = Report(model="it", tracks=100, tallies=tallies, left_out={})
        assert report.held
        assert report.held_together is together


def test_json_says_what_is_derived() -> None:
    """Rates, intervals and the target stand in the record, not only what they come from."""
    tallies = [_tally("mp3", ["a", "b", "c"]), _tally("opus", ["d"], counts=False)]
    report = Report(model="it", tracks=100, tallies=tallies, left_out={"e": "broken"})
    record = json.loads(report.model_dump_json())
    assert (record["held"], record["held_together"]) == (False, False)
    assert record["changed"] == ["a", "b", "c"]
    assert record["tallies"][0]["rate"] == 0.03
    assert record["tallies"][0]["interval"] == list(wilson(3, 100))
    assert record["tallies"][0]["held"] is False
    assert record["left_out"] == {"e": "broken"}
