"""Conversion a slice at a time: never far ahead, never a word lost, the same chunks as at once."""

import io
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from services.worker.context import WorkerContext
from services.worker.dispatch.dispatcher import Dispatcher
from services.worker.execution import recovery
from services.worker.storage.artifacts import UPLOAD, audio_name
from services.worker.tasks.convert import nearest_slice_end
from services.worker.tasks.featurize import load_features
from shared.domain.job_state import JobState
from shared.errors import ErrorCode
from shared.music.chunking import chunks
from shared.music.constants import CHUNK_HOP
from shared.music.decoding.decoder import decode
from shared.queue.tasks import TaskName
from shared.store.segment_progress import SegmentProgress
from tests.services.worker.manual_worker import ManualWorker, Sent
from tests.shared.samples import received, seen
from tests.sounds import encode, silence, tune

pytestmark = pytest.mark.usefixtures("small_slices")
Heard = list[NDArray[np.float32]]
SECONDS = 40
"""13 chunks and a bit: three slices of four segments, and one of a single one."""
MOST_AHEAD = 2 + 4 // 2 + 4
"""Segments that may be stored at once: those in flight, half a slice, and a slice."""


DYING = (
    (SegmentProgress, SegmentProgress.commit_slice),
    (SegmentProgress, SegmentProgress.slice_sent),
    (SegmentProgress, SegmentProgress.complete_segment),
    (Dispatcher, Dispatcher.featurize),
    (Dispatcher, Dispatcher.convert),
)


class Death(BaseException):
    """Stands for the death of a process: no code gets to clean up."""


@pytest.fixture
def small_slices(environment: pytest.MonkeyPatch) -> None:
    """Four segments of one chunk in a slice, two in flight."""
    environment.setenv("GENREBOT_SEGMENT_CHUNKS", "1")
    environment.setenv("GENREBOT_SLICE_SEGMENTS", "4")
    environment.setenv("GENREBOT_LANES", "2")


def _music(seconds: float = SECONDS) -> bytes:
    return encode(tune(seconds, sample_rate=8000), "wav", sample_rate=8000)


def _start(ctx: WorkerContext, data: bytes, **facts: Any) -> str:
    """Create a job whose file is stored, and send its first slice."""
    job_id = received(ctx.jobs, **facts)
    ctx.jobs.advance(job_id, JobState.FETCHING)
    ctx.blobs.put(job_id, UPLOAD, data)
    ctx.dispatcher.convert(job_id, SECONDS)
    return job_id


def _stored_audio(ctx: WorkerContext, job_id: str) -> int:
    return sum(ctx.blobs.head(job_id, audio_name(n)) is not None for n in range(30))


def _until_classify(worker: ManualWorker, choose: Callable[[list[Sent]], int]) -> list[Sent]:
    """Run what is in the queue, in the order that is chosen, until only classify is left."""
    held: list[Sent] = []
    ran: list[Sent] = []
    while True:
        while worker.waiting():
            held.append(worker.take())
        work = [sent for sent in held if sent.task_name is not TaskName.CLASSIFY]
        if not work:
            assert {sent.task_name for sent in held} == {TaskName.CLASSIFY}
            return ran
        sent = work[choose(work)]
        held.remove(sent)
        assert worker.run(sent) == "SUCCESS"
        ran.append(sent)


def _assert_heard_whole(ctx: WorkerContext, job_id: str, data: bytes, heard: Heard) -> None:
    """Every chunk of the track was heard once, in whatever order."""
    whole = [chunk for chunk, _, _ in chunks(decode(io.BytesIO(data), max_duration_s=60))]
    plan = ctx.jobs.plan(job_id)
    assert plan is not None
    assert (plan.complete, plan.n_chunks, plan.n_segments) == (True, len(whole), len(whole))
    assert plan.duration_s == SECONDS
    assert len(heard) == len(whole)
    wanted = sorted(whole, key=lambda chunk: float(chunk.std()))
    found = sorted(heard, key=lambda chunk: float(chunk.std()))
    assert max(np.abs(a - b).max() for a, b in zip(wanted, found, strict=True)) <= 1 / 32768
    features = load_features(ctx.blobs, job_id, plan)[0]
    assert len(features) == len(whole)


@pytest.mark.parametrize("seed", range(4))
def test_in_any_order_each_chunk_is_heard_once(
    ctx: WorkerContext, worker: ManualWorker, heard: Heard, seed: int
) -> None:
    """Whether the last slice or the last segment ends first: classify follows, once."""
    data, dice = _music(), random.Random(seed)
    job_id = _start(ctx, data)
    ran = _until_classify(worker, lambda work: dice.randrange(len(work)))
    assert [sent.task_name for sent in ran].count(TaskName.CONVERT) == 4
    _assert_heard_whole(ctx, job_id, data, heard)


def test_conversion_stays_within_its_window(
    ctx: WorkerContext, worker: ManualWorker, heard: Heard
) -> None:
    """Even if conversion were always faster, two slices at most would be stored."""
    job_id = _start(ctx, _music())
    most = 0

    def conversion_first(work: list[Sent]) -> int:
        nonlocal most
        most = max(most, _stored_audio(ctx, job_id))
        return next((n for n, sent in enumerate(work) if sent.task_name is TaskName.CONVERT), 0)

    _until_classify(worker, conversion_first)
    assert 4 < most <= MOST_AHEAD
    assert _stored_audio(ctx, job_id) == 0
    assert len(heard) == 13


@pytest.mark.parametrize("seconds", [11.9, 12.0, 12.1, 24.0])
def test_the_end_may_lie_on_a_seam(
    ctx: WorkerContext, worker: ManualWorker, heard: Heard, seconds: float
) -> None:
    """The slice that finds nothing left is the one that ends the job."""
    job_id = _start(ctx, _music(seconds))
    for order in (lambda _: 0, lambda _: -1):
        _until_classify(worker, order)
        plan = ctx.jobs.plan(job_id)
        assert plan is not None
        assert plan.complete
        assert plan.n_chunks == len(heard) == int(seconds // 3)
        heard.clear()
        job_id = _start(ctx, _music(seconds))


@pytest.mark.parametrize("last", ["slice", "segment"])
def test_whoever_comes_last_sends_classify(
    ctx: WorkerContext, worker: ManualWorker, heard: Heard, last: str
) -> None:
    """The end is found after all segments are done, or before."""
    _start(ctx, _music(12.0))  # the second slice is empty
    wanted = TaskName.FEATURIZE if last == "slice" else TaskName.CONVERT
    ran = _until_classify(
        worker, lambda work: next((n for n, s in enumerate(work) if s.task_name is wanted), 0)
    )
    assert ran[-1].task_name is (TaskName.CONVERT if last == "slice" else TaskName.FEATURIZE)
    assert len(heard) == 4


def test_every_message_may_come_twice(
    ctx: WorkerContext, worker: ManualWorker, heard: Heard
) -> None:
    """At once or much later; no chunk is heard again, and no audio stays behind."""
    data = _music()
    job_id = _start(ctx, data)
    ran: list[Sent] = []
    dice = random.Random(1)
    while worker.waiting():
        sent = worker.take()
        if sent.task_name is TaskName.CLASSIFY:
            continue
        ran.append(sent)
        for again in (sent, sent, dice.choice(ran)):
            assert worker.run(again) == "SUCCESS"
    _assert_heard_whole(ctx, job_id, data, heard)
    assert _stored_audio(ctx, job_id) == 0


def _dying(function: Callable[..., Any], after: int, *, done: bool) -> Callable[..., Any]:
    """Make a function that dies at its n-th call, before or after doing what it does."""
    calls = iter(range(after))

    def die(*args: Any, **facts: Any) -> Any:
        if next(calls, None) is not None:
            return function(*args, **facts)
        if done:
            function(*args, **facts)
        raise Death

    return die


def _survives(worker: ManualWorker, sent: Sent) -> bool:
    try:
        worker.run(sent)
    except Death:
        return False
    return True


@pytest.mark.parametrize(("owner", "method"), DYING, ids=lambda part: part.__name__)
@pytest.mark.parametrize("after", [0, 2])
@pytest.mark.parametrize("done", [False, True])
def test_a_worker_may_die_anywhere(  # noqa: PLR0913, PLR0917 - where, when and how it dies
    ctx: WorkerContext,
    worker: ManualWorker,
    heard: Heard,
    monkeypatch: pytest.MonkeyPatch,
    owner: type,
    method: Callable[..., Any],
    after: int,
    *,
    done: bool,
) -> None:
    """Its message comes again by its lease, and the job ends as if nothing had been."""
    data = _music()
    job_id = _start(ctx, data)
    sent = worker.take()
    with monkeypatch.context() as patch:
        patch.setattr(owner, method.__name__, _dying(method, after, done=done))
        while _survives(worker, sent):
            sent = worker.take()
    assert worker.run(sent) == "SUCCESS"
    _until_classify(worker, lambda _: 0)
    heard = list({chunk.tobytes(): chunk for chunk in heard}.values())  # a repeat may be heard
    _assert_heard_whole(ctx, job_id, data, heard)


@pytest.mark.parametrize("task_name", [TaskName.CONVERT, TaskName.FEATURIZE])
@pytest.mark.parametrize("nth", [0, 1, 2])
def test_a_lost_message_is_found(
    ctx: WorkerContext, worker: ManualWorker, heard: Heard, task_name: TaskName, nth: int
) -> None:
    """Lost before any worker took a lease: the rest runs dry, and recovery sends it on."""
    data = _music()
    job_id = _start(ctx, data, file_size=1000)
    seen_so_far = 0
    for _ in range(100):
        while worker.waiting():
            sent = worker.take()
            if sent.task_name is TaskName.CLASSIFY:
                return _assert_heard_whole(ctx, job_id, data, heard)
            seen_so_far += sent.task_name is task_name
            if sent.task_name is task_name and seen_so_far == nth + 1:
                seen_so_far += 1
                continue
            assert worker.run(sent) == "SUCCESS"
        assert recovery.recover(ctx, job_id)
    raise AssertionError("the job never ended")


def test_two_runs_of_one_slice_leave_no_audio_behind(
    ctx: WorkerContext, worker: ManualWorker, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slower one finds its slice put, heard and thrown away, and takes its own back."""
    data = _music(9)
    job_id = _start(ctx, data)
    sent = worker.take()
    put = SegmentProgress.commit_slice

    def overtaken(*args: Any) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(SegmentProgress, "commit_slice", put)
            assert worker.run(sent) == "SUCCESS"
            _until_classify(worker, lambda _: 0)
        return put(*args)

    with monkeypatch.context() as patch:
        patch.setattr(SegmentProgress, "commit_slice", overtaken)
        assert worker.run(sent) == "SUCCESS"
    assert len(heard) == 3
    assert _stored_audio(ctx, job_id) == 0
    assert worker.waiting() == []


def test_silence_shows_at_the_end_only(
    ctx: WorkerContext, worker: ManualWorker, heard: Heard
) -> None:
    """A slice of silence is heard like any other; a track of it is refused, once."""
    loud = tune(6, sample_rate=8000)
    mute = silence(28, sample_rate=8000)
    job_id = _start(ctx, encode(np.concatenate([mute, loud]), "wav", sample_rate=8000))
    _until_classify(worker, lambda _: 0)
    assert seen(ctx.jobs, job_id).error is None
    heard.clear()
    job_id = _start(ctx, encode(mute, "wav", sample_rate=8000))
    while TaskName.REPLY not in worker.task_names():
        worker.run(worker.take())
    error = seen(ctx.jobs, job_id).error
    assert error is not None
    assert error.code is ErrorCode.SILENT
    assert len(heard) >= 4


def test_slice_ends_lead_to_excerpts(
    ctx: WorkerContext, worker: ManualWorker, heard: Heard
) -> None:
    """The last slice end at or before a segment; the start of the file if there is none."""
    job_id = _start(ctx, _music())
    _until_classify(worker, lambda _: 0)
    places = [
        nearest_slice_end(ctx.blobs, job_id, n).resume_point.samples for n in (0, 3, 4, 7, 12)
    ]
    assert places == [0, 0, 4 * CHUNK_HOP, 4 * CHUNK_HOP, 12 * CHUNK_HOP]
    assert len(heard) == 13
