"""Where a file is: a small one in Redis, a large one with the worker or the server itself."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devtools.emulator.serving import EmulatorThread
from devtools.emulator.state.faults import Fault
from services.worker.context import WorkerContext
from services.worker.execution.uploads import open_upload
from services.worker.storage.artifacts import UPLOAD
from shared.domain.job_state import JobState
from shared.domain.track import Track
from shared.queue.tasks import TaskName
from shared.telegram.downloads import FoundFile
from tests.services.worker.manual_worker import ManualWorker
from tests.shared.samples import seen
from tests.sounds import encode, tune

SendFile = Callable[..., Track]
SMALL = 200_000


@pytest.fixture(autouse=True)
def settings(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Files over 200 kB are large."""
    environment.setenv("GENREBOT_SPOOL_UPLOAD_BYTES", str(SMALL))
    environment.setenv("GENREBOT_WORK_DIR", str(tmp_path / "work"))


def _music(seconds: float) -> bytes:
    return encode(tune(seconds, sample_rate=8000), "wav", sample_rate=8000)


LARGE = _music(30)
"""480 kB."""


def _ingested(ctx: WorkerContext, worker: ManualWorker, track: Track) -> str:
    ctx.jobs.create(track)
    ctx.dispatcher.ingest(seen(ctx.jobs, track.job_id))
    assert worker.run(worker.take()) == "SUCCESS"
    assert worker.task_names() == [TaskName.CONVERT]
    return track.job_id


def _downloads(telegram: EmulatorThread) -> int:
    return telegram.call(lambda state: state.calls["download"])


@pytest.mark.usefixtures("heard")
def test_a_large_file_never_enters_redis(
    ctx: WorkerContext,
    worker: ManualWorker,
    telegram: EmulatorThread,
    send_file: SendFile,
) -> None:
    """It is fetched once for all tasks, its hash is recorded, and it is deleted with the job."""
    job_id = _ingested(ctx, worker, send_file(LARGE))
    assert ctx.jobs.fact(job_id, "sha256") == hashlib.sha256(LARGE).hexdigest()
    assert ctx.blobs.head(job_id, UPLOAD) is None
    assert (ctx.job_settings.work_dir / job_id).read_bytes() == LARGE
    worker.drain()
    assert seen(ctx.jobs, job_id).state is JobState.DONE
    assert _downloads(telegram) == 1
    assert list(ctx.job_settings.work_dir.iterdir()) == []


@pytest.mark.parametrize("size", [None, 1])
def test_a_small_file_is_stored_whatever_was_said_of_it(
    ctx: WorkerContext, worker: ManualWorker, send_file: SendFile, size: int | None
) -> None:
    """One of unknown size goes through the folder first."""
    data = _music(4)
    job_id = _ingested(ctx, worker, send_file(data, file_size=size))
    assert ctx.blobs.get(job_id, UPLOAD) == data
    assert ctx.jobs.fact(job_id, "sha256") == hashlib.sha256(data).hexdigest()


@pytest.mark.usefixtures("heard", "music")
def test_another_worker_fetches_its_own_copy(
    ctx: WorkerContext,
    worker: ManualWorker,
    telegram: EmulatorThread,
    send_file: SendFile,
) -> None:
    """The folder is not the same there, or was emptied: each task fetches it again."""
    job_id = _ingested(ctx, worker, send_file(LARGE))
    for _ in range(3):
        (ctx.job_settings.work_dir / job_id).unlink(missing_ok=True)
        assert worker.run(worker.take()) == "SUCCESS"
    assert _downloads(telegram) == 3
    assert ctx.blobs.head(job_id, "clip") is not None


@pytest.mark.usefixtures("heard")
def test_a_verdict_without_its_file_goes_without_a_clip(
    ctx: WorkerContext,
    worker: ManualWorker,
    telegram: EmulatorThread,
    send_file: SendFile,
) -> None:
    """The work is done; that Telegram is away for a moment is no reason to wait or to fail."""
    job_id = _ingested(ctx, worker, send_file(LARGE))
    for _ in range(2):
        assert worker.run(worker.take()) == "SUCCESS"
    assert worker.task_names() == [TaskName.CLASSIFY]
    (ctx.job_settings.work_dir / job_id).unlink()
    telegram.call(lambda state: state.faults.add(Fault(kind="server_error", method="getFile")))
    worker.drain()
    assert seen(ctx.jobs, job_id).state is JobState.DONE
    assert "clip_sent" not in seen(ctx.jobs, job_id).fields


def test_a_servers_own_file_is_read_in_place(
    ctx: WorkerContext, worker: ManualWorker, send_file: SendFile, shared_file: Path
) -> None:
    """Nothing is copied where the Bot API server shares its files with this machine."""
    shared_file.write_bytes(LARGE)
    job_id = _ingested(ctx, worker, send_file(LARGE))
    assert ctx.jobs.fact(job_id, "sha256") == hashlib.sha256(LARGE).hexdigest()
    assert not ctx.job_settings.work_dir.exists()
    with open_upload(ctx, seen(ctx.jobs, job_id)) as file:
        assert Path(file.name) == shared_file


@pytest.fixture
def shared_file(
    environment: pytest.MonkeyPatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A file that ``getFile`` names by its path on this machine."""
    path = tmp_path / "server" / "file_1.wav"
    path.parent.mkdir()

    async def found(_bot: object, _file_id: str, _limit: int) -> FoundFile:
        return FoundFile(str(path), path.stat().st_size)

    environment.setenv("GENREBOT_API_LOCAL", "true")
    monkeypatch.setattr("services.worker.telegram.find_file", found)
    yield path
    path.unlink()
