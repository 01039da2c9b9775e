"""Each task: run again at any moment it adds nothing and loses nothing."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from services.worker.context import WorkerContext
from services.worker.dispatch.dispatcher import Dispatcher
from services.worker.storage.artifacts import UPLOAD, audio_name
from services.worker.tasks.classify import chunk_spans
from services.worker.tasks.featurize import load_features
from shared.domain.job_state import JobState
from shared.domain.plan import Plan
from shared.domain.track import Track
from shared.errors import ErrorCode
from shared.music.chunking import chunks
from shared.music.constants import CHUNK_HOP
from shared.music.decoding.decoder import decode
from shared.music.decoding.pcm import from_pcm16
from shared.music.features.table import ChunkAnalysis
from shared.queue.tasks import TaskName
from tests.services.worker.manual_worker import ManualWorker
from tests.shared.samples import received, seen
from tests.sounds import encode, silence, tune

SendFile = Callable[..., Track]
Heard = list[NDArray[np.float32]]


class Death(BaseException):
    """Stands for the death of a process: no code gets to clean up."""


def _uploaded(ctx: WorkerContext, data: bytes, **facts: Any) -> str:
    """Create a job whose file is stored."""
    job_id = received(ctx.jobs, **facts)
    ctx.jobs.advance(job_id, JobState.FETCHING)
    ctx.blobs.put(job_id, UPLOAD, data)
    return job_id


def _run(ctx: WorkerContext, worker: ManualWorker, task_name: TaskName, job_id: str) -> None:
    """Run one task that the dispatcher sends."""
    if task_name is TaskName.CONVERT:
        ctx.dispatcher.convert(job_id, 9)
    elif task_name is TaskName.INGEST:
        ctx.dispatcher.ingest(seen(ctx.jobs, job_id))
    assert worker.run(worker.take()) == "SUCCESS"


def _error(ctx: WorkerContext, job_id: str) -> ErrorCode | None:
    error = seen(ctx.jobs, job_id).error
    return error.code if error else None


def test_ingest_fetches_once(
    ctx: WorkerContext, worker: ManualWorker, send_file: SendFile, telegram: Any
) -> None:
    """A second run finds the file and only sends what follows."""
    track = send_file(encode(tune(4), "wav"))
    ctx.jobs.create(track)
    view = seen(ctx.jobs, track.job_id)
    ctx.dispatcher.ingest(view)
    ctx.dispatcher.ingest(view)
    for sent in (worker.take(), worker.take()):
        assert worker.run(sent) == "SUCCESS"
    assert telegram.call(lambda state: state.calls["download"]) == 1
    assert worker.task_names() == [TaskName.CONVERT, TaskName.CONVERT]
    head = ctx.blobs.head(track.job_id, UPLOAD)
    assert head is not None
    assert ctx.jobs.fact(track.job_id, "sha256") == head.sha256


@pytest.mark.parametrize("task_name", [TaskName.INGEST, TaskName.CONVERT])
@pytest.mark.parametrize(
    "state", [JobState.CLASSIFYING, JobState.REPLYING, JobState.DONE, JobState.FAILED]
)
def test_a_task_that_comes_late_does_nothing(
    ctx: WorkerContext, worker: ManualWorker, task_name: TaskName, state: JobState
) -> None:
    """The job is past it: nothing is fetched, decoded or sent."""
    job_id = _uploaded(ctx, b"not even sound")
    ctx.jobs.advance(job_id, state)
    _run(ctx, worker, task_name, job_id)
    assert seen(ctx.jobs, job_id).state is state
    assert _error(ctx, job_id) is None
    assert worker.waiting() == []


def test_convert_cuts_what_one_process_would_hear(ctx: WorkerContext, worker: ManualWorker) -> None:
    """The stored segments, joined, are the chunks sample by sample."""
    data = encode(tune(37), "mp3", sample_rate=44_100)
    job_id = _uploaded(ctx, data)
    _run(ctx, worker, TaskName.CONVERT, job_id)
    plan = ctx.jobs.plan(job_id)
    assert plan is not None
    spooled = b"".join(ctx.blobs.get(job_id, audio_name(n)) for n in range(plan.n_segments))
    whole = [chunk for chunk, _, _ in chunks(decode(io.BytesIO(data), max_duration_s=60))]
    assert plan.n_chunks == len(whole)
    assert plan.n_segments == -(-len(whole) // plan.segment_chunks)
    np.testing.assert_array_equal(from_pcm16(spooled), np.concatenate(whole))


def test_convert_that_died_while_sending_only_sends_again(
    ctx: WorkerContext, worker: ManualWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slice is committed, so it is not decoded again, and no segment is left out."""
    job_id = _uploaded(ctx, encode(tune(95, sample_rate=8000), "wav", sample_rate=8000))
    featurize, max_inflight_segments = Dispatcher.featurize, iter(range(2))

    def die_at_the_third(*args: Any, **facts: Any) -> None:
        if next(max_inflight_segments, None) is None:
            raise Death
        featurize(*args, **facts)

    with monkeypatch.context() as patch:
        patch.setattr(Dispatcher, "featurize", die_at_the_third)
        ctx.dispatcher.convert(job_id, 95)
        with pytest.raises(Death):
            worker.run(worker.take())
    ctx.jobs.segment_progress.complete_segment(job_id, int(worker.take().message["segment"]))
    worker.take()
    monkeypatch.setattr("services.worker.tasks.convert.Slice", None)
    _run(ctx, worker, TaskName.CONVERT, job_id)
    assert [sent.message["segment"] for sent in worker.waiting()] == [1, 2, 3]


def test_convert_that_died_while_decoding_starts_over(
    ctx: WorkerContext, worker: ManualWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half-written segments are overwritten, and the plan counts each chunk once."""
    data = encode(tune(65, sample_rate=8000), "wav", sample_rate=8000)
    job_id = _uploaded(ctx, data)
    put, left = ctx.blobs.put, iter(range(1))

    def die_at_the_second(job_id: str, name: str, data: bytes) -> None:
        if next(left, None) is None:
            raise Death
        put(job_id, name, data)

    with monkeypatch.context() as patch:
        patch.setattr(ctx.blobs, "put", die_at_the_second)
        ctx.dispatcher.convert(job_id, 65)
        with pytest.raises(Death):
            worker.run(worker.take())
    assert ctx.jobs.plan(job_id) is None
    _run(ctx, worker, TaskName.CONVERT, job_id)
    plan = ctx.jobs.plan(job_id)
    assert plan is not None
    assert plan.n_chunks == 21


def test_a_segment_that_comes_again_is_not_heard_again(
    ctx: WorkerContext, worker: ManualWorker, heard: Heard
) -> None:
    """The task sends what follows all the same, as the first run may have died."""
    job_id = _uploaded(ctx, encode(tune(4), "wav"))
    _run(ctx, worker, TaskName.CONVERT, job_id)
    sent = worker.take()
    for _ in range(3):
        assert worker.run(sent) == "SUCCESS"
        assert worker.take().task_name is TaskName.CLASSIFY
    assert len(heard) == 1


def test_features_come_back_in_the_tracks_order(
    ctx: WorkerContext, worker: ManualWorker, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Segments end in any order; the last first here."""
    monkeypatch.setattr(WorkerContext, "analyse_chunk", staticmethod(_level))
    loud = np.repeat(0.01 * np.arange(1, 34), CHUNK_HOP)
    job_id = _uploaded(ctx, encode(loud.astype(np.float32), "wav"))
    ctx.dispatcher.convert(job_id, 99)
    worker.run(worker.take())
    waiting = [worker.take() for _ in range(4)]
    for sent in reversed(waiting):
        assert worker.run(sent) == "SUCCESS"
    plan = ctx.jobs.plan(job_id)
    assert plan is not None
    features, _, preview = load_features(ctx.blobs, job_id, plan)
    np.testing.assert_allclose(features[:, 0], 0.01 * np.arange(1, 34), atol=1e-4)
    assert preview.shape == (128, 33 * plan.columns_per_chunk)
    assert heard == []
    assert worker.task_names() == [TaskName.CLASSIFY]


def _level(samples: NDArray[np.float32]) -> ChunkAnalysis:
    assert samples.shape == (CHUNK_HOP,)
    return ChunkAnalysis(np.full(57, samples.mean(), float), np.zeros((128, 130), np.float32))


@pytest.fixture
def a_minute_at_most(environment: pytest.MonkeyPatch) -> None:
    """Accept no more than a minute of music."""
    environment.setenv("GENREBOT_MAX_DURATION", "1m")


@pytest.fixture
def without_clip(environment: pytest.MonkeyPatch) -> None:
    """Keep the answer to the picture."""
    environment.setenv("GENREBOT_SEND_CLIP", "false")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (encode(silence(5), "wav"), ErrorCode.SILENT),
        (encode(tune(0.5), "wav"), ErrorCode.TOO_SHORT),
        (encode(tune(80, sample_rate=8000), "wav", sample_rate=8000), ErrorCode.TOO_LONG),
    ],
    ids=lambda value: value.value if isinstance(value, ErrorCode) else None,
)
@pytest.mark.usefixtures("a_minute_at_most")
def test_what_cannot_be_classified_is_told_and_leaves_nothing(
    ctx: WorkerContext, worker: ManualWorker, data: bytes, code: ErrorCode
) -> None:
    """One reply follows; the segments that were written go with the job."""
    job_id = _uploaded(ctx, data)
    _run(ctx, worker, TaskName.CONVERT, job_id)
    assert _error(ctx, job_id) is code
    assert worker.task_names() == [TaskName.REPLY]
    worker.drain()
    assert seen(ctx.jobs, job_id).state is JobState.FAILED
    assert list(ctx.blobs.redis.scan_iter("genrebot:blob:*")) == []


def test_a_track_of_one_chunk_has_no_clip(
    ctx: WorkerContext, worker: ManualWorker, heard: Heard
) -> None:
    """It would be the track itself."""
    job_id = _uploaded(ctx, encode(tune(4), "wav"))
    for _ in range(3):
        if not worker.waiting():
            ctx.dispatcher.convert(job_id, 4)
        worker.run(worker.take())
    assert worker.task_names() == [TaskName.REPLY]
    assert ctx.blobs.head(job_id, "verdict") is not None
    assert ctx.blobs.head(job_id, "clip") is None
    assert len(heard) == 1


@pytest.mark.usefixtures("without_clip")
def test_no_clip_is_made_where_none_is_wanted(
    ctx: WorkerContext, worker: ManualWorker, heard: Heard
) -> None:
    """The picture comes alone."""
    job_id = _uploaded(ctx, encode(tune(7), "wav"))
    ctx.dispatcher.convert(job_id, 7)
    while TaskName.REPLY not in worker.task_names():
        worker.run(worker.take())
    assert ctx.blobs.head(job_id, "picture") is not None
    assert ctx.blobs.head(job_id, "clip") is None
    assert len(heard) == 2


def test_chunks_follow_each_other() -> None:
    """Every chunk has its own three seconds."""
    plan = Plan.of(duration_s=9.5, n_chunks=3, segment_chunks=20, columns=4)
    assert chunk_spans(plan) == [(0.0, 3.0), (3.0, 6.0), (6.0, 9.0)]


def test_a_short_tracks_chunk_ends_where_the_track_does() -> None:
    """A track of 1.5 s is repeated to fill a chunk, and still shown as 1.5 s."""
    plan = Plan.of(duration_s=1.5, n_chunks=1, segment_chunks=20, columns=4)
    assert chunk_spans(plan) == [(0.0, 1.5)]
