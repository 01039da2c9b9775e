"""All tasks of a job, with real queues, in one process."""

import io
from collections.abc import Callable
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from redis import Redis

from devtools.emulator.serving import EmulatorThread
from devtools.emulator.state.records import ChatMessage
from services.worker.context import WorkerContext
from shared.domain.job_state import JobState
from shared.domain.track import Track
from shared.music.model.verdict import Verdict
from shared.music.pipeline import analyse
from shared.queue.tasks import QueueName, TaskName
from tests.retention import retention
from tests.services.worker.conftest import CHAT
from tests.services.worker.manual_worker import ManualWorker, Sent
from tests.sounds import encode, tune

pytestmark = pytest.mark.usefixtures("music")


def _start(ctx: WorkerContext, track: Track) -> str:
    ctx.jobs.create(track)
    view = ctx.jobs.view(track.job_id)
    assert view is not None
    ctx.dispatcher.ingest(view)
    return track.job_id


def _answers(telegram: EmulatorThread) -> list[ChatMessage]:
    return [message for message in telegram.call(lambda s: s.messages(CHAT)) if message.from_bot]


def _assert_answered_once(ctx: WorkerContext, telegram: EmulatorThread, job_id: str) -> None:
    view = ctx.jobs.view(job_id)
    assert view is not None
    assert view.state is JobState.DONE
    kinds = [answer.media.kind for answer in _answers(telegram) if answer.media]
    assert kinds == ["photo", "voice"]
    assert len(_answers(telegram)) == 2


def test_a_file_ends_in_a_verdict_equal_to_the_one_told_in_one_process(
    ctx: WorkerContext,
    worker: ManualWorker,
    telegram: EmulatorThread,
    send_file: Callable[..., Track],
) -> None:
    """Cutting a track into segments and joining them again changes no number."""
    data = encode(tune(10), "mp3")
    job_id = _start(ctx, send_file(data))
    steps = []
    while worker.waiting():
        sent = worker.take()
        steps.append(sent.task_name)
        assert worker.run(sent) == "SUCCESS"
        if sent.task_name is TaskName.CLASSIFY:
            told = Verdict.model_validate_json(ctx.blobs.get(job_id, "verdict"))
    assert steps == [
        TaskName.INGEST,
        TaskName.CONVERT,
        TaskName.FEATURIZE,
        TaskName.CLASSIFY,
        TaskName.REPLY,
    ]
    alone = analyse(io.BytesIO(data), ctx.model, ctx.tagger, max_duration_s=60).verdict
    assert told == alone
    _assert_answered_once(ctx, telegram, job_id)


def test_every_task_run_twice_in_a_row_gives_one_reply(
    ctx: WorkerContext,
    worker: ManualWorker,
    telegram: EmulatorThread,
    send_file: Callable[..., Track],
    heard: list[NDArray[np.float32]],
) -> None:
    """Each message is delivered twice; segments are featurized once and the user gets one reply."""
    job_id = _start(ctx, send_file(encode(tune(65), "wav")))
    worker.drain(times=2)
    assert len(heard) == 65 // 3
    _assert_answered_once(ctx, telegram, job_id)


@pytest.mark.usefixtures("heard")
def test_messages_that_come_again_after_the_end_change_nothing(
    ctx: WorkerContext,
    worker: ManualWorker,
    telegram: EmulatorThread,
    redis: Redis,
    send_file: Callable[..., Track],
) -> None:
    """Celery's visibility timeout hands all of them out once more, an hour later."""
    job_id = _start(ctx, send_file(encode(tune(65), "wav")))
    done = worker.drain()
    versions = [len(answer.versions) for answer in _answers(telegram)]
    before = ctx.jobs.view(job_id)
    for sent in done:
        assert worker.run(sent) == "SUCCESS"
    assert worker.waiting() == []
    assert ctx.jobs.view(job_id) == before
    assert [len(answer.versions) for answer in _answers(telegram)] == versions
    assert list(redis.scan_iter("genrebot:blob:*")) == []


def test_messages_that_come_again_one_task_later_change_nothing(
    ctx: WorkerContext,
    worker: ManualWorker,
    telegram: EmulatorThread,
    send_file: Callable[..., Track],
    heard: list[NDArray[np.float32]],
) -> None:
    """Each message is delivered again right after the one that follows it."""
    job_id = _start(ctx, send_file(encode(tune(65), "wav")))
    last: Sent | None = None
    while worker.waiting():
        sent = worker.take()
        assert worker.run(sent) == "SUCCESS"
        if last is not None:
            assert worker.run(last) == "SUCCESS"
        last = sent
    assert len(heard) == 65 // 3
    _assert_answered_once(ctx, telegram, job_id)


def test_one_track_never_has_more_segments_in_flight_than_allowed(
    ctx: WorkerContext,
    worker: ManualWorker,
    send_file: Callable[..., Track],
    heard: list[NDArray[np.float32]],
) -> None:
    """A long track queues up behind others again and again instead of filling the queue."""
    job_id = _start(
        ctx, send_file(encode(tune(9 * 30 + 3, sample_rate=8000), "wav", sample_rate=8000))
    )
    in_flight = []
    while worker.waiting():
        in_flight.append(worker.task_names().count(TaskName.FEATURIZE))
        worker.run(worker.take())
    assert max(in_flight) == ctx.job_settings.max_inflight_segments
    assert len(heard) == 91
    plan = ctx.jobs.plan(job_id)
    assert plan is not None
    assert plan.n_segments == 10


@pytest.mark.usefixtures("heard")
def test_a_job_leaves_its_state_and_nothing_else_and_all_of_it_expires(
    ctx: WorkerContext,
    worker: ManualWorker,
    redis: Redis,
    send_file: Callable[..., Track],
) -> None:
    """Audio and features are gone with the answer; what is kept has a time to live.

    Beside the state that is the answer, for whoever sends the same file.
    """
    job_id = _start(ctx, send_file(encode(tune(10), "wav")))
    worker.drain()
    left = {name.decode(): cast("int", redis.ttl(name)) for name in redis.scan_iter("genrebot:*")}
    assert f"genrebot:job:{job_id}" in left
    assert not [name for name in left if name.startswith("genrebot:blob")]
    for name, ttl in left.items():
        kept_s = retention(name).kept_s
        assert kept_s is None or 0 < ttl <= kept_s, name


@pytest.mark.usefixtures("heard")
def test_a_track_travels_on_the_queue_of_what_is_left_of_it(
    ctx: WorkerContext,
    worker: ManualWorker,
    send_file: Callable[..., Track],
) -> None:
    """Decoding and hearing a track above two minutes keep off the short queue."""
    for seconds, queue in ((151, QueueName.MEDIUM), (9, QueueName.SHORT)):
        _start(ctx, send_file(encode(tune(seconds, sample_rate=4000), "wav", sample_rate=4000)))
        max_inflight_segments: dict[TaskName, list[QueueName]] = {}
        for sent in worker.drain():
            max_inflight_segments.setdefault(sent.task_name, []).append(sent.queue)
        assert max_inflight_segments[TaskName.CONVERT] == [queue]
        assert max_inflight_segments[TaskName.FEATURIZE][0] is queue
        for task_name in (TaskName.INGEST, TaskName.CLASSIFY, TaskName.REPLY):
            assert max_inflight_segments[task_name] == [QueueName.SHORT]
