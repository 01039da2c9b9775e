"""Which task follows which, on which queue, and how long it may take."""

import pytest

from services.worker.context import WorkerContext
from services.worker.dispatch.dispatcher import Dispatcher
from shared.domain.job_state import JobState
from shared.domain.plan import Plan
from shared.queue.tasks import QueueName, TaskName
from tests.services.worker.manual_worker import ManualWorker
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
    ctx: WorkerContext, worker: ManualWorker, duration_s: float | None, queue: QueueName
) -> None:
    """Two minutes still are short, twenty medium; a file that does not say may be anything."""
    ctx.dispatcher.convert(received(ctx.jobs), duration_s)
    assert worker.take().queue is queue


def test_a_length_beyond_the_limit_buys_no_more_time(
    ctx: WorkerContext, worker: ManualWorker
) -> None:
    """A file may claim a year: the task gets the time of the longest track."""
    job_id = received(ctx.jobs)
    ctx.dispatcher.convert(job_id, 3e7)
    ctx.dispatcher.convert(job_id, ctx.limits.max_duration)
    liar, longest = worker.waiting()
    assert liar.limits == longest.limits
    assert longest.limits[0] < ctx.dispatcher._app.conf.visibility_timeout


def test_soft_limits_leave_time_to_say_so(ctx: WorkerContext, worker: ManualWorker) -> None:
    """Every task is told to give up before it is killed; longer tracks get more time."""
    job_id = received(ctx.jobs)
    view = seen(ctx.jobs, job_id)
    for minutes in (1, 100):
        ctx.dispatcher.ingest(view)
        ctx.dispatcher.convert(job_id, 60 * minutes)
        ctx.dispatcher.featurize(job_id, _plan(minutes), 0)
        ctx.dispatcher.classify(job_id, _plan(minutes))
        ctx.dispatcher.reply(job_id)
    limits: dict[TaskName, list[int]] = {}
    for sent in worker.waiting():
        hard, soft = sent.limits
        assert 0 < soft <= hard - 10
        limits.setdefault(sent.task_name, []).append(hard)
    assert set(limits) == set(TaskName)
    assert limits[TaskName.CONVERT] == sorted(limits[TaskName.CONVERT])
    assert limits[TaskName.CONVERT][1] > limits[TaskName.CONVERT][0]


def test_what_is_left_decides_and_not_the_whole(ctx: WorkerContext, worker: ManualWorker) -> None:
    """An hour of music moves down as it goes, the last two minutes before everybody else's."""
    job_id, plan = received(ctx.jobs), _plan(60, 1200)
    for done in (0, 79, 80, 115, 116):
        ctx.dispatcher.featurize(job_id, plan, 0, completed=done)
        ctx.dispatcher.convert(job_id, plan.duration_s, segment=1, completed=done)
    queues = [
        QueueName.LONG,
        QueueName.LONG,
        QueueName.MEDIUM,
        QueueName.MEDIUM,
        QueueName.SHORT,
    ]
    for task_name in (TaskName.FEATURIZE, TaskName.CONVERT):
        sent = [one.queue for one in worker.waiting() if one.task_name is task_name]
        assert sorted(sent, key=list(QueueName).index, reverse=True) == queues


def test_a_slice_sends_the_segments_allowed(ctx: WorkerContext, worker: ManualWorker) -> None:
    """The first segments, in order; fewer where there are fewer."""
    for chunks, started in ((100, 8), (25, 3)):
        job_id, plan = received(ctx.jobs), _plan(2, chunks)
        progress = ctx.jobs.segment_progress.commit_slice(job_id, 0, plan.n_segments, plan)
        assert progress is not None
        ctx.dispatcher.slice_committed(job_id, plan, progress, plan.n_segments)
        assert [worker.take().message["segment"] for _ in range(started)] == list(range(started))
        assert worker.waiting() == []


def test_a_finished_segment_is_followed_by_the_next(
    ctx: WorkerContext, worker: ManualWorker
) -> None:
    """With eight in flight, 1 is followed by 9, and the last ones by nothing."""
    job_id, plan = received(ctx.jobs), _plan(2)
    ctx.jobs.segment_progress.commit_slice(job_id, 0, plan.n_segments, plan)
    for segment in (1, 9, 2):
        progress = ctx.jobs.segment_progress.complete_segment(job_id, segment)
        ctx.dispatcher.segment_completed(job_id, plan, progress)
    assert [sent.message["segment"] for sent in worker.waiting()] == [9]


def test_what_is_done_is_not_sent(
    ctx: WorkerContext, dispatcher: Dispatcher, worker: ManualWorker
) -> None:
    """Resuming a job sends only the segments that are missing."""
    job_id, plan = received(ctx.jobs), _plan(2)
    ctx.jobs.segment_progress.commit_slice(job_id, 0, plan.n_segments, plan)
    for segment in (0, 3, 4):
        ctx.jobs.segment_progress.complete_segment(job_id, segment)
    ctx.jobs.advance(job_id, JobState.FEATURIZING)
    dispatcher.resume(seen(ctx.jobs, job_id))
    assert [sent.message["segment"] for sent in worker.waiting()] == [8, 1, 2, 5, 6, 7]
