"""A cancelled job costs nothing more, and others go on at once."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from redis import Redis

from devtools.emulator.serving import EmulatorThread
from services.worker.context import WorkerContext
from services.worker.execution.cleanup import finish
from shared.domain.job_state import CancelReason, JobState
from shared.domain.track import Track
from shared.queue.sending import send_cleanup
from shared.queue.tasks import TaskName
from shared.store.backlog import Backlog
from shared.store.keys import JobField
from tests.services.worker.conftest import CHAT
from tests.services.worker.manual_worker import ManualWorker
from tests.shared.samples import seen
from tests.sounds import encode, tune

SendFile = Callable[..., Track]
Heard = list[NDArray[np.float32]]
MUSIC = encode(tune(65, sample_rate=8000), "wav", sample_rate=8000)
"""21 chunks: three segments."""
SEGMENT_CHUNKS = 10


def _start(ctx: WorkerContext, track: Track) -> str:
    assert ctx.jobs.create(track)
    ctx.dispatcher.ingest(seen(ctx.jobs, track.job_id))
    return track.job_id


def _run_until(worker: ManualWorker, task_name: TaskName) -> None:
    while worker.waiting()[0].task_name is not task_name:
        assert worker.run(worker.take()) == "SUCCESS"


def _replies(telegram: EmulatorThread) -> list[str]:
    return [m.shown for m in telegram.call(lambda state: state.messages(CHAT)) if m.from_bot]


@pytest.mark.parametrize("task_name", list(TaskName))
def test_a_task_of_a_cancelled_job_does_nothing(  # noqa: PLR0913, PLR0917 - all of it is looked at
    ctx: WorkerContext,
    worker: ManualWorker,
    telegram: EmulatorThread,
    redis: Redis,
    send_file: SendFile,
    heard: Heard,
    task_name: TaskName,
) -> None:
    """Whichever task is next: nothing is fetched, computed, sent or stored."""
    job_id = _start(ctx, send_file(MUSIC))
    _run_until(worker, task_name)
    before = len(heard)
    downloads = telegram.call(lambda state: state.calls["download"])
    ctx.jobs.cancel(job_id, CancelReason.BY_USER)
    worker.drain()
    assert len(heard) == before
    assert telegram.call(lambda state: state.calls["download"]) == downloads
    assert _replies(telegram) == []
    assert list(redis.scan_iter("genrebot:blob:*")) == []
    assert seen(ctx.jobs, job_id).error is None
    assert ctx.jobs.backlog.common() == Backlog()


def test_a_running_segment_stops_between_chunks(
    ctx: WorkerContext,
    worker: ManualWorker,
    send_file: SendFile,
    heard: Heard,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After the chunk at hand, of the ten of a segment."""
    job_id = _start(ctx, send_file(MUSIC))
    _run_until(worker, TaskName.FEATURIZE)
    analyse = ctx.analyse_chunk

    def cancel_at_the_third(samples: NDArray[np.float32]) -> Any:
        analysis = analyse(samples)
        if len(heard) == 3:
            ctx.jobs.cancel(job_id, CancelReason.BY_USER)
        return analysis

    monkeypatch.setattr(WorkerContext, "analyse_chunk", staticmethod(cancel_at_the_third))
    worker.drain()
    assert len(heard) == 3


def test_a_running_conversion_stops_between_segments(
    ctx: WorkerContext,
    worker: ManualWorker,
    redis: Redis,
    send_file: SendFile,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What it has stored is deleted when it stops."""
    job_id = _start(ctx, send_file(MUSIC))
    _run_until(worker, TaskName.CONVERT)
    put, stored = ctx.blobs.put, []

    def cancel_at_the_second(job: str, name: str, data: bytes) -> Any:
        stored.append(name)
        if len(stored) == 2:
            ctx.jobs.cancel(job_id, CancelReason.BY_USER)
        return put(job, name, data)

    monkeypatch.setattr(ctx.blobs, "put", cancel_at_the_second)
    worker.drain()
    assert stored == ["audio-0", "audio-1"]
    assert list(redis.scan_iter("genrebot:blob:*")) == []


@pytest.mark.usefixtures("heard")
def test_the_users_next_and_the_followers_start(
    ctx: WorkerContext, worker: ManualWorker, send_file: SendFile
) -> None:
    """One message of the cancelled job is enough, which whoever cancels it sends."""
    files = [MUSIC, *(encode(tune(length), "wav", sample_rate=8000) for length in (5, 6))]
    mine = [send_file(file, file_unique_id=f"u{n}", user_id=1) for n, file in enumerate(files)]
    other = send_file(MUSIC, file_unique_id="u0", user_id=2)
    leader, second, held = (_start(ctx, mine[0]), _start(ctx, mine[1]), mine[2].job_id)
    ctx.jobs.create(mine[2])
    follower = _start(ctx, other)
    for _ in range(3):
        assert worker.run(worker.take()) == "SUCCESS"
    assert seen(ctx.jobs, follower).leader is not None
    while worker.waiting():  # every message is lost
        worker.take()
    ctx.jobs.cancel(leader, CancelReason.BY_USER)
    send_cleanup(ctx.dispatcher._app, leader)
    assert worker.run(worker.take()) == "SUCCESS"
    started = {sent.message["job_id"] for sent in worker.waiting()}
    assert started == {held, follower}
    worker.drain()
    assert seen(ctx.jobs, follower).state is JobState.DONE
    assert seen(ctx.jobs, held).state is JobState.DONE
    assert not seen(ctx.jobs, second).state.final


@pytest.mark.usefixtures("heard")
def test_followers_of_a_forgotten_users_job_start(
    ctx: WorkerContext, worker: ManualWorker, send_file: SendFile
) -> None:
    """Although nothing is left of the leader."""
    leader = send_file(MUSIC, file_unique_id="same", user_id=1)
    follower = send_file(MUSIC, file_unique_id="same", user_id=2)
    for track in (leader, follower):
        _start(ctx, track)
    _run_until(worker, TaskName.CONVERT)
    assert ctx.jobs.forget_user(leader.user) == [leader.job_id]
    worker.drain()
    assert seen(ctx.jobs, follower.job_id).state is JobState.DONE
    assert ctx.jobs.view(leader.job_id) is None


def test_a_user_who_has_blocked_the_bot_costs_nothing_more(
    ctx: WorkerContext,
    worker: ManualWorker,
    telegram: EmulatorThread,
    send_file: SendFile,
    heard: Heard,
) -> None:
    """The first reply that cannot be sent cancels all jobs of that user in that chat."""
    tracks = [send_file(MUSIC, file_unique_id=f"u{n}", user_id=1) for n in range(4)]
    first, *others = [
        _start(ctx, track) if n < 2 else track.job_id for n, track in enumerate(tracks)
    ]
    for track in tracks[2:]:
        ctx.jobs.create(track)
    telegram.call(lambda state: state.block(CHAT))
    _run_until(worker, TaskName.REPLY)
    assert worker.run(worker.take()) == "SUCCESS"
    heard.clear()
    worker.drain()
    assert heard == []
    for job_id in (first, *others):
        assert seen(ctx.jobs, job_id).fields[JobField.CANCELLED] == CancelReason.GONE
    assert ctx.jobs.active() == []
    assert ctx.jobs.backlog.reconcile(repair=False) == []


def test_cleaning_up_twice_changes_nothing(ctx: WorkerContext, send_file: SendFile) -> None:
    """Every task of a job that is over does it."""
    track = send_file(MUSIC)
    ctx.jobs.create(track)
    ctx.jobs.cancel(track.job_id, CancelReason.BY_USER)
    for _ in range(2):
        finish(ctx, track.job_id)
    assert seen(ctx.jobs, track.job_id).state is JobState.FAILED
