"""Which step follows which, on which queue, and how long it may take."""

import pytest

from services.worker.flow import Flow
from services.worker.resources import Resources
from shared.broker import Lane, Step
from shared.messages import Plan
from tests.shared.samples import received, seen
from tests.worker.hand import Hand


def _plan(minutes: float, chunks: int = 100) -> Plan:
    return Plan.of(duration_s=60 * minutes, n_chunks=chunks, segment_chunks=10, columns=12)


@pytest.fixture
def flow(own: Resources) -> Flow:
    """The worker's own."""
    return own.flow


@pytest.mark.parametrize(
    ("duration_s", "lane"),
    [(1.0, Lane.SHORT), (600.0, Lane.SHORT), (600.1, Lane.LONG), (None, Lane.LONG)],
)
def test_a_track_of_unknown_length_counts_as_long(
    own: Resources, hand: Hand, duration_s: float | None, lane: Lane
) -> None:
    """Ten minutes still are short; a file that does not say may be anything."""
    own.flow.convert(received(own.jobs), duration_s)
    assert hand.take().lane is lane


def test_a_length_beyond_the_limit_buys_no_more_time(own: Resources, hand: Hand) -> None:
    """A file may claim a year: the step gets what the longest track gets."""
    job_id = received(own.jobs)
    own.flow.convert(job_id, 3e7)
    own.flow.convert(job_id, own.limits.max_duration)
    liar, longest = hand.waiting()
    assert liar.limits == longest.limits
    assert longest.limits[0] < own.flow._app.conf.visibility_timeout


def test_soft_limits_leave_time_to_say_so(own: Resources, hand: Hand) -> None:
    """Every step is told to give up before it is killed, and longer tracks get longer."""
    job_id = received(own.jobs)
    view = seen(own.jobs, job_id)
    for minutes in (1, 100):
        own.flow.ingest(view)
        own.flow.convert(job_id, 60 * minutes)
        own.flow.featurize(job_id, _plan(minutes), 0)
        own.flow.classify(job_id, _plan(minutes))
        own.flow.reply(job_id)
    limits: dict[Step, list[int]] = {}
    for sent in hand.waiting():
        hard, soft = sent.limits
        assert 0 < soft <= hard - 10
        limits.setdefault(sent.step, []).append(hard)
    assert set(limits) == set(Step)
    assert limits[Step.CONVERT] == sorted(limits[Step.CONVERT])
    assert limits[Step.CONVERT][1] > limits[Step.CONVERT][0]


def test_a_track_starts_on_as_many_lanes_as_allowed(own: Resources, hand: Hand) -> None:
    """The first segments, in order; fewer where there are fewer."""
    for chunks, started in ((100, 8), (25, 3)):
        own.flow.start_lanes(received(own.jobs), _plan(5, chunks))
        assert [hand.take().message["segment"] for _ in range(started)] == list(range(started))
        assert hand.waiting() == []


def test_a_finished_segment_is_followed_by_the_next_of_its_lane(own: Resources, hand: Hand) -> None:
    """Eight lanes: 1 is followed by 9, and the last of a lane by nothing."""
    job_id = received(own.jobs)
    own.flow.next_in_lane(job_id, _plan(5), 1)
    own.flow.next_in_lane(job_id, _plan(5), 9)
    own.flow.next_in_lane(job_id, _plan(5), 2)
    assert [sent.message["segment"] for sent in hand.waiting()] == [9]


def test_what_is_done_is_not_sent(own: Resources, flow: Flow, hand: Hand) -> None:
    """A restart of the lanes asks for what is missing only."""
    job_id = received(own.jobs)
    for segment in (0, 3, 4):
        own.jobs.segment_done(job_id, segment)
    flow.start_lanes(job_id, _plan(5))
    assert [sent.message["segment"] for sent in hand.waiting()] == [1, 2, 5, 6, 7]
