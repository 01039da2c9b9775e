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
    [
        (1.0, Lane.SHORT),
        (120.0, Lane.SHORT),
        (120.1, Lane.MEDIUM),
        (1200.0, Lane.MEDIUM),
        (1200.1, Lane.LONG),
        (None, Lane.LONG),
    ],
)
def test_a_track_of_unknown_length_counts_as_long(
    own: Resources, hand: Hand, duration_s: float | None, lane: Lane
) -> None:
    """Two minutes still are short, twenty medium; a file that does not say may be anything."""
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


def test_what_is_left_decides_and_not_the_whole(own: Resources, hand: Hand) -> None:
    """An hour of music moves down as it goes, the last two minutes before everybody else's."""
    job_id, plan = received(own.jobs), _plan(60, 1200)
    for done in (0, 79, 80, 115, 116):
        own.flow.featurize(job_id, plan, 0, done=done)
        own.flow.convert(job_id, plan.duration_s, segment=1, done=done)
    lanes = [Lane.LONG, Lane.LONG, Lane.MEDIUM, Lane.MEDIUM, Lane.SHORT]
    for step in (Step.FEATURIZE, Step.CONVERT):
        sent = [one.lane for one in hand.waiting() if one.step is step]
        assert sorted(sent, key=list(Lane).index, reverse=True) == lanes


def test_a_slice_starts_as_many_lanes_as_allowed(own: Resources, hand: Hand) -> None:
    """The first segments, in order; fewer where there are fewer."""
    for chunks, started in ((100, 8), (25, 3)):
        job_id, plan = received(own.jobs), _plan(2, chunks)
        put = own.jobs.cuts.put(job_id, 0, plan.n_segments, plan)
        assert put is not None
        own.flow.slice_put(job_id, plan, put, plan.n_segments)
        assert [hand.take().message["segment"] for _ in range(started)] == list(range(started))
        assert hand.waiting() == []


def test_a_finished_segment_is_followed_by_the_next_of_its_lane(own: Resources, hand: Hand) -> None:
    """Eight lanes: 1 is followed by 9, and the last of a lane by nothing."""
    job_id, plan = received(own.jobs), _plan(2)
    own.jobs.cuts.put(job_id, 0, plan.n_segments, plan)
    for segment in (1, 9, 2):
        done = own.jobs.cuts.segment_done(job_id, segment)
        own.flow.segment_done(job_id, plan, segment, done)
    assert [sent.message["segment"] for sent in hand.waiting()] == [9]


def test_what_is_done_is_not_sent(own: Resources, flow: Flow, hand: Hand) -> None:
    """A restart of the lanes asks for what is missing only."""
    job_id, plan = received(own.jobs), _plan(2)
    own.jobs.cuts.put(job_id, 0, plan.n_segments, plan)
    for segment in (0, 3, 4):
        own.jobs.cuts.segment_done(job_id, segment)
    flow.resume_lanes(seen(own.jobs, job_id))
    assert [sent.message["segment"] for sent in hand.waiting()] == [8, 1, 2, 5, 6, 7]
