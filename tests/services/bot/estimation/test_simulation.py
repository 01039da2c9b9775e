"""The queues played forward, on cases that can be worked out by hand."""

from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from services.bot.estimation.simulation import Capacity, Workload, finish_times
from shared.queue.tasks import QueueName
from shared.store.throughput import Speed

SHOP = Capacity(
    processes=2,
    speed=Speed(fixed_s=1.0, per_second=0.1),
    max_inflight_segments=8,
    jobs_per_person=2,
)
LONG = ((0.0, QueueName.LONG),)
MEDIUM = ((0.0, QueueName.MEDIUM),)
_ids = count()


def _load(audio_s: float = 0.0, **facts: Any) -> Workload:
    number = next(_ids)
    plain = {
        "job_id": str(number),
        "person": f"p{number}",
        "fixed": 1.0,
        "max_inflight_segments": (),
    }
    return Workload(**{**plain, "audio_s": audio_s, "segments": round(audio_s / 30), **facts})


def _ends(*loads: Workload, capacity: Capacity = SHOP) -> list[float]:
    ends = finish_times(loads, capacity)
    assert len(ends) == len(loads)
    return [ends[load.job_id] for load in loads]


def test_nobody_waits_for_nothing() -> None:
    """An empty queue has no ends."""
    assert finish_times([], SHOP) == {}


@pytest.mark.parametrize(
    ("audio_s", "processes", "expected"),
    [(30, 1, 4.0), (30, 8, 4.0), (60, 2, 4.0), (90, 2, 7.0), (3600, 2, 181.0), (3600, 64, 46.0)],
)
def test_a_job_alone(audio_s: float, processes: int, expected: float) -> None:
    """Its fixed part, and its segments side by side in as many rounds as it takes."""
    [end] = _ends(_load(audio_s), capacity=replace(SHOP, processes=processes))
    assert end == pytest.approx(expected)


def test_equal_jobs_share_the_processes() -> None:
    """Twenty clips of four seconds each on two processes end together, after forty."""
    assert _ends(*[_load(30) for _ in range(20)]) == pytest.approx([40.0] * 20)


def test_short_goes_before_long() -> None:
    """A clip in somebody's hour takes as long as alone; the hour takes that much longer."""
    clip, hour = _load(30), _load(3600, max_inflight_segments=LONG)
    alone = _ends(hour)[0]
    assert _ends(hour, clip) == pytest.approx([alone + 2.0, 4.0], rel=0.02)


def test_a_queue_that_is_passed_over_gets_every_fifth_task() -> None:
    """While many clips keep everybody busy, a longer track goes on at a fifth of the pace."""
    medium = _load(70, max_inflight_segments=MEDIUM)
    clips = [_load(30) for _ in range(100)]
    ends = _ends(medium, *clips, capacity=replace(SHOP, processes=1))
    assert ends[0] == pytest.approx(8.0 / 0.2, rel=0.02)


def test_a_long_track_that_is_nearly_done_moves_down() -> None:
    """From then on it shares with the short ones."""
    stays, moves = (
        _load(600, max_inflight_segments=LONG),
        _load(600, max_inflight_segments=((300.0, QueueName.LONG),)),
    )
    other = [_load(600, max_inflight_segments=LONG) for _ in range(3)]
    assert _ends(moves, *other)[0] < 0.8 * _ends(stays, *other)[0]


def test_a_persons_third_track_waits_for_their_earlier_ones() -> None:
    """It begins when one of two ends, though processes are idle."""
    capacity = replace(SHOP, processes=8)
    mine = [_load(30, person="ada", held=n > 1) for n in range(5)]
    assert _ends(*mine, capacity=capacity) == pytest.approx([4, 4, 8, 8, 12])


def test_a_line_whose_earlier_ones_are_gone_goes_on() -> None:
    """A worker died between the end of one and the start of the next."""
    assert _ends(*[_load(30, person="ada", held=True) for _ in range(2)]) == pytest.approx([4, 4])


def test_a_follower_is_answered_with_its_leader() -> None:
    """It takes what every job takes, and none of the listening."""
    leader = _load(300)
    follower = _load(300, leader=leader.job_id)
    ends = _ends(leader, follower)
    assert ends[1] == pytest.approx(ends[0] + 1.0)


def test_a_follower_of_a_leader_that_is_gone_works_itself() -> None:
    """As it will, once it is woken."""
    assert _ends(_load(30, leader="gone")) == pytest.approx([4.0])


def test_jobs_that_wait_for_each_other_do_not_hold_it_up() -> None:
    """It cannot be, but must not hang the bot if it is."""
    one = _load(30, job_id="a", leader="b")
    other = _load(30, job_id="b", leader="a")
    assert len(_ends(one, other, _load(30))) == 3


def test_many_jobs_are_played_in_coarser_steps() -> None:
    """A thousand jobs of every length: all work is done by about when it must be."""
    loads = [_load(30.0 * (1 + n % 20)) for n in range(1000)]
    work_s = sum(1.0 + 0.1 * load.audio_s for load in loads)
    ends = _ends(*loads)
    assert max(ends) == pytest.approx(work_s / 2, rel=0.1)
    assert ends[0] < ends[19]
