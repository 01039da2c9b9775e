"""The scheduling policy: the same for workers and estimates."""

from collections import Counter

import pytest

from services.bot.estimation.simulation import _shares
from services.worker.queue_order import ShortestFirst
from shared.queue.tasks import QueueName
from shared.scheduling.policy import (
    AGING_SHARE,
    interrupted,
    left_s,
    predecessors,
    queue_for,
    segments_ahead,
    successor,
    thresholds,
)
from shared.settings import JobSettings

SETTINGS = JobSettings()
SHORT, MEDIUM, LONG = QueueName


@pytest.mark.parametrize(
    ("seconds", "queue"),
    [(0, SHORT), (120, SHORT), (120.1, MEDIUM), (1200, MEDIUM), (1200.1, LONG), (1e9, LONG)],
)
def test_what_is_left_decides_on_the_queue(seconds: float, queue: QueueName) -> None:
    """Up to two minutes are short, up to twenty medium."""
    assert queue_for(seconds, SETTINGS) is queue


def test_thresholds_name_every_queue_once() -> None:
    """The longest first."""
    assert [queue for _, queue in thresholds(SETTINGS)] == [LONG, MEDIUM, SHORT]


def test_segments_completed_make_a_track_shorter() -> None:
    """By their length, and not below nothing."""
    assert left_s(100.0, 0, 10) == 100
    assert left_s(100.0, 3, 10) == 10
    assert left_s(100.0, 4, 10) == 0


@pytest.mark.parametrize("waiting", [[LONG], [MEDIUM], [MEDIUM, LONG]])
def test_estimates_expect_what_workers_do(waiting: list[QueueName]) -> None:
    """Each queue that is passed over is served with the share that the simulation gives it."""
    order, served = ShortestFirst(QueueName), Counter[str]()
    full = [SHORT, *waiting]
    for _ in range(5000):
        queue = next(name for name in order.consume(len(QueueName)) if name in full)
        order.rotate(queue)
        served[queue] += 1
    wanted = [9.0 * (queue in full) for queue in QueueName]
    simulated = [share * want / 4 for share, want in zip(_shares(wanted, 4), wanted, strict=True)]
    found = [served[queue] / 5000 for queue in QueueName]
    assert found == pytest.approx(simulated, rel=0.02)
    for queue in waiting:
        assert served[queue] / 5000 == pytest.approx(AGING_SHARE, rel=0.02)


class Chains:
    """Sends segments as the worker does."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.committed = 0
        self.in_flight: list[int] = []
        self.sent: list[int] = []
        self._completed: set[int] = set()

    def commit(self, after: int) -> None:
        """Store the segments up to ``after``."""
        for segment, previous in predecessors(self.committed, after, self.limit):
            if previous is None or previous in self._completed:
                self._send(segment)
        self.committed = after

    def complete(self) -> None:
        """Complete the segment that was sent first."""
        segment = self.in_flight.pop(0)
        self._completed.add(segment)
        following = successor(segment, self.committed, self.limit)
        if following is not None:
            self._send(following)

    def _send(self, segment: int) -> None:
        self.in_flight.append(segment)
        self.sent.append(segment)


@pytest.mark.parametrize("limit", [1, 2, 8])
@pytest.mark.parametrize("slices", [(10, 20, 23), (3, 4, 30), (1,)])
@pytest.mark.parametrize("completed_between", [0, 1, 100])
def test_every_segment_is_sent_once_and_few_at_a_time(
    limit: int, slices: tuple[int, ...], completed_between: int
) -> None:
    """However slices and segments alternate: by the slice, or by the segment before it."""
    chains = Chains(limit)
    for after in slices:
        chains.commit(after)
        for _ in range(min(completed_between, len(chains.in_flight))):
            chains.complete()
        assert len(chains.in_flight) <= limit
    while chains.in_flight:
        chains.complete()
    assert sorted(chains.sent) == list(range(slices[-1]))


def test_interrupted_chains_go_on_at_their_first_open_segment() -> None:
    """Of ten segments, eight in flight, 0, 8 and 3 are completed."""
    assert list(interrupted(10, 8, {0, 8, 3}.__contains__)) == [1, 2, 4, 5, 6, 7]
    assert list(interrupted(3, 8, set[int]().__contains__)) == [0, 1, 2]
    assert list(interrupted(10, 2, set(range(10)).__contains__)) == []


def test_decoding_is_half_a_slice_ahead() -> None:
    """Beyond what is in flight."""
    assert segments_ahead(JobSettings(slice_segments=10)) == 8 + 5
