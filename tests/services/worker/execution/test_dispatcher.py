"""Which step follows which, on which queue, and how long it may take."""

import pytest

from services.worker.context import WorkerContext
from services.worker.execution.dispatcher import Dispatcher
from shared.queue.celery_config import QueueName, TaskName
from shared.queue.messages import Plan
from tests.services.worker.hand import Hand
from tests.shared.samples import received, seen


def _plan(minutes: float, chunks: int = 100) -> Plan:
    return Plan.of(duration_s=60 * minutes, n_chunks=chunks, segment_chunks=10, columns=12)


@pytest.fixture
def dispatcher(ctx: WorkerContext) -> Dispatcher:
    """The worker's own."""
    return ctx.dispatcher


@pytest.mark.parametrize(
    ("duration_s", "queue"),
    [
        (1.0, QueueName.SHORT),
        (120.0, QueueName.SHORT),
        (120.1, QueueName.MEDIUM),
        (1200.0, QueueName.MEDIUM),
        (1200.1, QueueName.LONG),
        (None, QueueName.LONG),
    ],
)
def test_a_track_of_unknown_length_counts_as_long(
    ctx: WorkerContext, hand: Hand, duration_s: float | None, queue: QueueName
) -> None:
    """Two minutes still are short, twenty medium; a file that does not say may be anything."""
    ctx.dispatcher.convert(received(ctx.jobs), duration_s)
    assert hand.take().queue is queue


def test_a_length_beyond_the_limit_buys_no_more_time(ctx: WorkerContext, hand: Hand) -> None:
    """A file may claim a year: the step gets what the longest track gets."""
    job_id = received(ctx.jobs)
    ctx.dispatcher.convert(job_id, 3e7)
    ctx.dispatcher.convert(job_id, ctx.limits.max_duration)
    liar, longest = hand.waiting()
    assert liar.limits == longest.limits
    assert longest.limits[0] < ctx.dispatcher._app.conf.visibility_timeout


def test_soft_limits_leave_time_to_say_so(ctx: WorkerContext, hand: Hand) -> None:
    """Every step is told to give up before it is killed, and longer tracks get longer."""
    job_id = received(ctx.jobs)
    view = seen(ctx.jobs, job_id)
    for minutes in (1, 100):
        ctx.dispatcher.ingest(view)
        ctx.dispatcher.convert(job_id, 60 * minutes)
        ctx.dispatcher.featurize(job_id, _plan(minutes), 0)
        ctx.dispatcher.classify(job_id, _plan(minutes))
        ctx.dispatcher.reply(job_id)
    limits: dict[TaskName, list[int]] = {}
    for sent in hand.waiting():
        hard, soft = sent.limits
        assert 0 < soft <= hard - 10
        limits.setdefault(sent.task_name, []).append(hard)
    assert set(limits) == set(TaskName)
    assert limits[TaskName.CONVERT] == sorted(limits[TaskName.CONVERT])
    assert limits[TaskName.CONVERT][1] > limits[TaskName.CONVERT][0]


def test_what_is_left_decides_and_not_the_whole(ctx: WorkerContext, hand: Hand) -> None:
    """An hour of music moves down as it goes, the last two minutes before everybody else's."""
    job_id, plan = received(ctx.jobs), _plan(60, 1200)
    for done in (0, 79, 80, 115, 116):
        ctx.dispatcher.featurize(job_id, plan, 0, done=done)
        ctx.dispatcher.convert(job_id, plan.duration_s, segment=1, done=done)
    max_inflight_segments = [
        QueueName.LONG,
        QueueName.LONG,
        QueueName.MEDIUM,
        QueueName.MEDIUM,
        QueueName.SHORT,
    ]
    for task_name in (TaskName.FEATURIZE, TaskName.CONVERT):
        sent = [one.queue for one in hand.waiting() if one.task_name is task_name]
        assert sorted(sent, key=list(QueueName).index, reverse=True) == max_inflight_segments


def test_a_slice_starts_as_many_lanes_as_allowed(ctx: WorkerContext, hand: Hand) -> None:
    """The first segments, in order; fewer where there are fewer."""
    for chunks, started in ((100, 8), (25, 3)):
        job_id, plan = received(ctx.jobs), _plan(2, chunks)
        put = ctx.jobs.segment_progress.put(job_id, 0, plan.n_segments, plan)
        assert put is not None
        ctx.dispatcher.slice_put(job_id, plan, put, plan.n_segments)
        assert [hand.take().message["segment"] for _ in range(started)] == list(range(started))
        assert hand.waiting() == []


def test_a_finished_segment_is_followed_by_the_next_of_its_lane(
    ctx: WorkerContext, hand: Hand
) -> None:
    """Eight lanes: 1 is followed by 9, and the last of a lane by nothing."""
    job_id, plan = received(ctx.jobs), _plan(2)
    ctx.jobs.segment_progress.put(job_id, 0, plan.n_segments, plan)
    for segment in (1, 9, 2):
        done = ctx.jobs.segment_progress.segment_done(job_id, segment)
        ctx.dispatcher.segment_done(job_id, plan, segment, done)
    assert [sent.message["segment"] for sent in hand.waiting()] == [9]


def test_what_is_done_is_not_sent(ctx: WorkerContext, dispatcher: Dispatcher, hand: Hand) -> None:
    """A restart of the lanes asks for what is missing only."""
    job_id, plan = received(ctx.jobs), _plan(2)
    ctx.jobs.segment_progress.put(job_id, 0, plan.n_segments, plan)
    for segment in (0, 3, 4):
        ctx.jobs.segment_progress.segment_done(job_id, segment)
    dispatcher.resume_lanes(seen(ctx.jobs, job_id))
    assert [sent.message["segment"] for sent in hand.waiting()] == [8, 1, 2, 5, 6, 7]
