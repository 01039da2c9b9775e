"""A file is heard once: whoever sends it again, or at the same moment, gets the same answer."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from redis import Redis

from devtools.emulator.serving import EmulatorThread
from services.bot.status.view import render
from services.worker.context import WorkerContext
from services.worker.execution.errors import CRASHED, EXPIRED, FILE_ERRORS, INTERNAL
from services.worker.storage.result_cache import CachedResult
from shared.domain.job_state import JobState
from shared.domain.track import Track
from shared.errors import ErrorCode, GenrebotError
from shared.queue.tasks import TaskName
from tests.services.worker.conftest import CHAT
from tests.services.worker.manual_worker import ManualWorker, Sent
from tests.services.worker.sweeping import sweep_later
from tests.shared.samples import seen
from tests.sounds import encode, picture, silence, tune

pytestmark = pytest.mark.usefixtures("music")

SendFile = Callable[..., Track]
Heard = list[NDArray[np.float32]]

TRACK = encode(tune(10), "wav")
CHUNKS = 3
PICTURE = picture()
WHOLE = [TaskName.INGEST, TaskName.CONVERT, TaskName.FEATURIZE, TaskName.CLASSIFY, TaskName.REPLY]


def _start(ctx: WorkerContext, track: Track) -> str:
    assert ctx.jobs.create(track)
    ctx.dispatcher.ingest(seen(ctx.jobs, track.job_id))
    return track.job_id


def _steps(ran: list[Sent], job_id: str) -> list[TaskName]:
    return [sent.task_name for sent in ran if sent.message["job_id"] == job_id]


def _run_until(worker: ManualWorker, task_name: TaskName) -> None:
    """Run what is in the queues until such a task is next."""
    while worker.waiting()[0].task_name is not task_name:
        assert worker.run(worker.take()) == "SUCCESS"


def _downloads(telegram: EmulatorThread) -> int:
    return telegram.call(lambda state: state.calls["download"])


def _answers(telegram: EmulatorThread) -> Counter[tuple[str, int]]:
    """How many pictures and clips answer each message."""
    messages = telegram.call(lambda state: state.messages(CHAT))
    return Counter(
        (message.media.kind, message.reply_to or 0)
        for message in messages
        if message.from_bot and message.media
    )


def _one_each(*tracks: Track) -> Counter[tuple[str, int]]:
    return Counter((kind, t.message_id) for t in tracks for kind in ("photo", "voice"))


@pytest.fixture(autouse=True)
def titles(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """Pictures at no cost; the titles that they were drawn with."""
    drawn: list[str | None] = []

    def draw(*_: Any, title: str | None) -> bytes:
        drawn.append(title)
        return PICTURE

    monkeypatch.setattr("services.worker.tasks.classify.draw", draw)
    monkeypatch.setattr("services.worker.execution.deduplication.draw", draw)
    return drawn


def test_a_file_that_was_answered_is_neither_fetched_nor_heard_again(
    ctx: WorkerContext,
    worker: ManualWorker,
    telegram: EmulatorThread,
    send_file: SendFile,
    heard: Heard,
) -> None:
    """Telegram's id is enough: two tasks instead of five, and no download."""
    first, second = (send_file(TRACK, file_unique_id="same", user_id=n) for n in (1, 2))
    _start(ctx, first)
    worker.drain()
    job_id = _start(ctx, second)
    assert _steps(worker.drain(), job_id) == [TaskName.INGEST, TaskName.REPLY]
    assert _downloads(telegram) == 1
    assert len(heard) == CHUNKS
    assert _answers(telegram) == _one_each(first, second)
    assert seen(ctx.jobs, job_id).state is JobState.DONE


def test_the_same_content_under_another_id_is_fetched_and_not_heard(
    ctx: WorkerContext,
    worker: ManualWorker,
    telegram: EmulatorThread,
    send_file: SendFile,
    heard: Heard,
) -> None:
    """Its hash tells; the next time its id does."""
    tracks = [send_file(TRACK, file_unique_id=u, user_id=1) for u in ("a", "b", "b")]
    for track, steps in zip(tracks, (WHOLE, [*WHOLE[:1], *WHOLE[-1:]]), strict=False):
        job_id = _start(ctx, track)
        assert _steps(worker.drain(), job_id) == steps
    assert _downloads(telegram) == 2
    _start(ctx, tracks[2])
    worker.drain()
    assert _downloads(telegram) == 2
    assert len(heard) == CHUNKS
    assert _answers(telegram) == _one_each(*tracks)


def test_a_file_without_an_id_is_known_by_its_content(
    ctx: WorkerContext, worker: ManualWorker, send_file: SendFile, heard: Heard
) -> None:
    """As in jobs that an older bot has noted."""
    for track in (send_file(TRACK), send_file(TRACK)):
        _start(ctx, track)
        worker.drain()
    assert len(heard) == CHUNKS


@pytest.mark.usefixtures("heard")
def test_everybody_sees_their_own_title(
    ctx: WorkerContext,
    worker: ManualWorker,
    send_file: SendFile,
    titles: list[str | None],
    redis: Redis,
) -> None:
    """What one user calls a file is not shown to another, nor kept."""
    for title in ("For my love", "Nothing special", None):
        _start(ctx, send_file(TRACK, title=title, file_name=None, file_unique_id="same"))
        worker.drain()
    assert titles == ["For my love", "Nothing special", None]
    for name in redis.scan_iter("genrebot:result:*"):
        assert b"love" not in bytes(redis.dump(name))  # type: ignore[arg-type]


def test_another_model_answers_anew(
    ctx: WorkerContext,
    worker: ManualWorker,
    send_file: SendFile,
    heard: Heard,
    environment: pytest.MonkeyPatch,
) -> None:
    """Whatever an answer depends on makes another version of it."""
    _start(ctx, send_file(TRACK, file_unique_id="same"))
    worker.drain()
    environment.setattr("services.worker.context.RESULT_FORMAT", 99)
    vars(ctx).pop("version")
    vars(ctx).pop("result_cache")
    _start(ctx, send_file(TRACK, file_unique_id="same"))
    worker.drain()
    assert len(heard) == 2 * CHUNKS


@pytest.mark.parametrize("ids", [("same", "same"), ("one", "other"), (None, None)])
@pytest.mark.parametrize("times", [1, 2])
def test_two_at_the_same_moment_are_one_computation(  # noqa: PLR0913, PLR0917 - all of it is looked at
    ctx: WorkerContext,
    worker: ManualWorker,
    telegram: EmulatorThread,
    send_file: SendFile,
    heard: Heard,
    ids: tuple[str | None, str | None],
    times: int,
) -> None:
    """The second waits without a message and is started; both get a reply; also run twice."""
    tracks = [send_file(TRACK, file_unique_id=i, user_id=n) for n, i in enumerate(ids)]
    leader, follower = (_start(ctx, track) for track in tracks)
    ran = worker.drain(times)
    assert len(heard) == CHUNKS
    assert _steps(ran, follower)[0] is TaskName.INGEST
    assert set(_steps(ran, follower)) == {TaskName.INGEST, TaskName.REPLY}
    assert [seen(ctx.jobs, job_id).state for job_id in (leader, follower)] == [JobState.DONE] * 2
    assert _answers(telegram) == _one_each(*tracks)
    assert not list(ctx.blobs.redis.scan_iter("genrebot:single_flight:*"))
    assert not list(ctx.blobs.redis.scan_iter("*:followers"))


def test_a_crowd_is_answered_by_one_computation(
    ctx: WorkerContext,
    worker: ManualWorker,
    telegram: EmulatorThread,
    send_file: SendFile,
    heard: Heard,
) -> None:
    """Twelve people with the same file, under three ids."""
    crowd = [send_file(TRACK, file_unique_id=f"u{n % 3}", user_id=n) for n in range(12)]
    for track in crowd:
        _start(ctx, track)
    worker.drain()
    assert len(heard) == CHUNKS
    assert _downloads(telegram) == 3
    assert _answers(telegram) == _one_each(*crowd)


@pytest.mark.usefixtures("heard")
def test_a_follower_shows_its_leaders_progress(
    ctx: WorkerContext, worker: ManualWorker, send_file: SendFile
) -> None:
    """Under its own name; once the answer is being told, what comes before that."""
    _, follower = (
        _start(ctx, send_file(TRACK, title=title, file_unique_id="same"))
        for title in ("Mine", "Yours")
    )
    worker.run(worker.take())
    worker.run(worker.take())
    texts = []
    for task_name in (TaskName.CONVERT, TaskName.FEATURIZE, TaskName.CLASSIFY):
        _run_until(worker, task_name)
        texts.append(render(seen(ctx.jobs, follower)))
    _run_until(worker, TaskName.REPLY)
    texts.append(render(seen(ctx.jobs, follower)))
    assert all(text.startswith("<b>Yours</b>\nStep ") for text in texts)
    steps = [int(text.partition("Step ")[2][0]) for text in texts]
    assert steps == sorted(steps)
    assert steps[-1] == 4


def test_a_fault_of_the_file_is_told_to_all_of_its_senders(
    ctx: WorkerContext, worker: ManualWorker, send_file: SendFile
) -> None:
    """It is decoded once, and each gets the same sentence."""
    data = encode(silence(5), "wav")
    jobs = [_start(ctx, send_file(data, file_unique_id="same", user_id=n)) for n in range(3)]
    ran = worker.drain()
    assert [sent.task_name for sent in ran].count(TaskName.CONVERT) == 1
    views = [seen(ctx.jobs, job_id) for job_id in jobs]
    assert {view.state for view in views} == {JobState.FAILED}
    assert {view.error.code for view in views if view.error} == {ErrorCode.SILENT}
    assert len({view.error.message for view in views if view.error}) == 1


@pytest.mark.parametrize("error", [INTERNAL, CRASHED, EXPIRED])
def test_a_fault_of_ours_is_made_up_for_by_a_follower(  # noqa: PLR0913, PLR0917 - all of it is looked at
    ctx: WorkerContext,
    worker: ManualWorker,
    send_file: SendFile,
    heard: Heard,
    monkeypatch: pytest.MonkeyPatch,
    error: GenrebotError,
) -> None:
    """One of the two that waited leads, and both get their verdict."""
    jobs = [_start(ctx, send_file(TRACK, file_unique_id="same", user_id=n)) for n in range(3)]
    _run_until(worker, TaskName.CONVERT)

    def fail(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr("services.worker.tasks.convert.open_upload", fail)
        assert worker.run(worker.take()) == "SUCCESS"
    worker.drain()
    states = [seen(ctx.jobs, job_id).state for job_id in jobs]
    assert states == [JobState.FAILED, JobState.DONE, JobState.DONE]
    assert len(heard) == CHUNKS


def test_every_error_is_the_files_or_ours() -> None:
    """A new code must be sorted; what the file is to blame for comes from the decoder."""
    ours = {"not_found", "unavailable", "crashed", "internal"}
    assert {code.value for code in ErrorCode} - ours == {code.value for code in FILE_ERRORS}


def test_a_follower_is_left_alone_while_its_leader_works(
    ctx: WorkerContext, worker: ManualWorker, send_file: SendFile, redis: Redis, heard: Heard
) -> None:
    """It has neither message nor lease, and is not lost."""
    leader, follower = (_start(ctx, send_file(TRACK, file_unique_id="same")) for _ in range(2))
    _run_until(worker, TaskName.CONVERT)
    for _ in range(3):
        assert sweep_later(ctx, redis) == 0
    assert [sent.message["job_id"] for sent in worker.waiting()] == [leader]
    worker.drain()
    assert seen(ctx.jobs, follower).state is JobState.DONE
    assert len(heard) == CHUNKS


@pytest.mark.parametrize("state", [JobState.DONE, JobState.FAILED, None])
def test_a_follower_whose_leader_is_gone_takes_the_lead(  # noqa: PLR0913, PLR0917 - all of it is looked at
    ctx: WorkerContext,
    worker: ManualWorker,
    send_file: SendFile,
    redis: Redis,
    heard: Heard,
    state: JobState | None,
) -> None:
    """The leader ended, or expired, and nobody was left to wake those who wait for it."""
    leader, follower = (_start(ctx, send_file(TRACK, file_unique_id="same")) for _ in range(2))
    _run_until(worker, TaskName.CONVERT)
    worker.take()
    if state is None:
        redis.delete(f"genrebot:job:{leader}")
        ctx.jobs.drop_from_lists(leader)
    else:
        ctx.jobs.advance(leader, state)
    assert sweep_later(ctx, redis) == 1
    assert _steps(worker.drain(), follower) == WHOLE
    assert seen(ctx.jobs, follower).state is JobState.DONE
    assert len(heard) == CHUNKS


def test_a_leader_whose_message_is_lost_is_sent_on_and_answers_both(
    ctx: WorkerContext, worker: ManualWorker, send_file: SendFile, redis: Redis, heard: Heard
) -> None:
    """Recovery finds the leader, and with it the follower."""
    jobs = [_start(ctx, send_file(TRACK, file_unique_id="same")) for _ in range(2)]
    _run_until(worker, TaskName.CONVERT)
    worker.take()
    assert sweep_later(ctx, redis) == 1
    worker.drain()
    assert [seen(ctx.jobs, job_id).state for job_id in jobs] == [JobState.DONE] * 2
    assert len(heard) == CHUNKS


@pytest.mark.usefixtures("heard")
def test_what_cannot_be_kept_is_answered_all_the_same(
    ctx: WorkerContext, worker: ManualWorker, send_file: SendFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cache is full or away: the follower does the work once its leader is over."""
    monkeypatch.setattr(ctx.result_cache, "keep", lambda *_: False)
    jobs = [_start(ctx, send_file(TRACK, file_unique_id="same")) for _ in range(2)]
    ran = worker.drain()
    assert [seen(ctx.jobs, job_id).state for job_id in jobs] == [JobState.DONE] * 2
    assert [sent.task_name for sent in ran].count(TaskName.CLASSIFY) == 2


def test_an_answer_that_is_not_understood_is_found_anew(
    ctx: WorkerContext, worker: ManualWorker, send_file: SendFile, heard: Heard
) -> None:
    """Another release's idea of a verdict does no harm."""
    ctx.result_cache.keep(
        "0" * 64, CachedResult(verdict=b'{"genre": "jazz"}', preview=bytes(128)), ["same"]
    )
    job_id = _start(ctx, send_file(TRACK, file_unique_id="same"))
    assert _steps(worker.drain(), job_id) == WHOLE
    assert len(heard) == CHUNKS
