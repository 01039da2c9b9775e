"""The simulation of the queues, on cases that can be worked out by hand."""

import time
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from services.bot.estimation.simulation import Capacity, finish_times, simulate
from services.bot.estimation.workload import Workload
from shared.queue.tasks import QueueName
from shared.store.throughput import Speed

CAPACITY = Capacity(
    processes=2,
    speed=Speed(fixed_s=1.0, per_second=0.1),
    max_inflight_segments=8,
    jobs_per_user=2,
)
LONG = ((0.0, QueueName.LONG),)
MEDIUM = ((0.0, QueueName.MEDIUM),)
_ids = count()


def _workload(audio_s: float = 0.0, **facts: Any) -> Workload:
    number = next(_ids)
    defaults = {"job_id": str(number), "user": f"u{number}", "fixed": 1.0, "thresholds": ()}
    return Workload(**{**defaults, "audio_s": audio_s, "segments": round(audio_s / 30), **facts})


def _ends(*workloads: Workload, capacity: Capacity = CAPACITY) -> list[float]:
    ends = finish_times(workloads, capacity)
    assert len(ends) == len(workloads)
    return [ends[workload.job_id] for workload in workloads]


def test_an_empty_queue_has_no_ends() -> None:
    """Nothing is simulated."""
    assert finish_times([], CAPACITY) == {}


@pytest.mark.parametrize(
    ("audio_s", "processes", "expected"),
    [(30, 1, 4.0), (30, 8, 4.0), (60, 2, 4.0), (90, 2, 7.0), (3600, 2, 181.0), (3600, 64, 46.0)],
)
def test_a_job_alone(audio_s: float, processes: int, expected: float) -> None:
    """Takes its fixed cost, and its segments side by side in as many rounds as needed."""
    [end] = _ends(_workload(audio_s), capacity=replace(CAPACITY, processes=processes))
    assert end == pytest.approx(expected)


def test_equal_jobs_share_the_processes() -> None:
    """Twenty clips of four seconds each on two processes end together, after forty."""
    assert _ends(*[_workload(30) for _ in range(20)]) == pytest.approx([40.0] * 20)


def test_short_tracks_go_before_long_ones() -> None:
    """Beside an hour's track, a clip takes as long as alone; the hour takes that much longer."""
    clip, hour = _workload(30), _workload(3600, thresholds=LONG)
    alone = _ends(hour)[0]
    assert _ends(hour, clip) == pytest.approx([alone + 2.0, 4.0], rel=0.02)


def test_a_queue_that_is_passed_over_gets_every_fifth_task() -> None:
    """While clips keep all processes busy, a longer track goes on at a fifth of its speed."""
    medium = _workload(70, thresholds=MEDIUM)
    clips = [_workload(30) for _ in range(100)]
    ends = _ends(medium, *clips, capacity=replace(CAPACITY, processes=1))
    assert ends[0] == pytest.approx(8.0 / 0.2, rel=0.02)


def test_a_long_track_that_is_nearly_done_moves_to_a_shorter_queue() -> None:
    """From then on it shares the processes with short tracks."""
    stays, moves = (
        _workload(600, thresholds=LONG),
        _workload(600, thresholds=((300.0, QueueName.LONG),)),
    )
    others = [_workload(600, thresholds=LONG) for _ in range(3)]
    assert _ends(moves, *others)[0] < 0.8 * _ends(stays, *others)[0]


def test_a_third_track_waits_for_earlier_ones_of_its_user() -> None:
    """It begins when one of the two ends, even if processes are idle."""
    capacity = replace(CAPACITY, processes=8)
    mine = [_workload(30, user="ada", held=n > 1) for n in range(5)]
    assert _ends(*mine, capacity=capacity) == pytest.approx([4, 4, 8, 8, 12])


def test_held_jobs_begin_where_no_earlier_one_is_left() -> None:
    """A worker may have died between the end of one job and the start of the next."""
    held = [_workload(30, user="ada", held=True) for _ in range(2)]
    assert _ends(*held) == pytest.approx([4, 4])


def test_a_follower_ends_soon_after_its_leader() -> None:
    """It has the fixed cost of a job, and processes no audio."""
    leader = _workload(300)
    follower = _workload(300, leader=leader.job_id)
    ends = _ends(leader, follower)
    assert ends[1] == pytest.approx(ends[0] + 1.0)


def test_a_follower_without_its_leader_does_the_work() -> None:
    """As it will in fact, once the leader's end is noticed."""
    assert _ends(_workload(30, leader="gone")) == pytest.approx([4.0])


def test_jobs_that_wait_for_each_other_do_not_block_the_simulation() -> None:
    """This should not happen, but it must not hang the bot."""
    one = _workload(30, job_id="a", leader="b")
    other = _workload(30, job_id="b", leader="a")
    assert len(_ends(one, other, _workload(30))) == 3


def test_all_work_is_done_by_the_time_that_it_takes() -> None:
    """A thousand jobs of every length: the last one ends when the sum of all work is done."""
    workloads = [_workload(30.0 * (1 + n % 20)) for n in range(1000)]
    work_s = sum(1.0 + 0.1 * workload.audio_s for workload in workloads)
    ends = _ends(*workloads)
    assert max(ends) == pytest.approx(work_s / 2, rel=0.01)
    assert ends[0] < ends[19]


@pytest.mark.parametrize("held", [0, 1, 2, 5])
@pytest.mark.parametrize("others", [0, 1, 5, 200])
@pytest.mark.parametrize("audio_s", [30.0, 300.0, 3000.0])
def test_one_more_job_is_estimated_as_if_it_were_simulated(
    held: int, others: int, audio_s: float
) -> None:
    """Within a factor of 1.5, whatever else waits, its user's own tracks included."""
    thresholds = ((1200.0, QueueName.LONG), (120.0, QueueName.MEDIUM))
    workloads = [
        _workload(30.0 * (1 + n % 40), thresholds=thresholds, user=f"other{n}")
        for n in range(others)
    ]
    workloads += [_workload(60, user="ada", held=n > 1) for n in range(held)]
    added = _workload(audio_s, user="ada", held=True, thresholds=thresholds)
    expected = finish_times([*workloads, added], CAPACITY)[added.job_id]
    ratio = simulate(workloads, CAPACITY).one_more(added) / expected
    assert 1 / 1.5 < ratio < 1.5


def test_ten_thousand_jobs_are_simulated_quickly() -> None:
    """The cost grows little faster than their number."""
    workloads = [
        _workload(30.0 * (1 + n % 40), thresholds=((600.0, QueueName.LONG), (90, QueueName.MEDIUM)))
        for n in range(10_000)
    ]
    started = time.process_time()
    forecast = simulate(workloads, CAPACITY)
    assert len(forecast.ends) == 10_000
    assert time.process_time() - started < 1.5
    assert len(forecast.timeline) < 500, "the cost of one more does not grow with the jobs"
