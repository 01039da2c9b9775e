"""Where a file lies: small ones in the spool, large ones with the worker or the server itself."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.emulator.faults import Fault
from services.emulator.serving import EmulatorThread
from services.worker.resources import Resources
from services.worker.uploads import UPLOAD, upload
from shared.broker import Step
from shared.messages import Track
from shared.stages import Stage
from tests.shared.samples import seen
from tests.sounds import encode, tune
from tests.worker.hand import Hand

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


def _ingested(own: Resources, hand: Hand, track: Track) -> str:
    own.jobs.create(track)
    own.flow.ingest(seen(own.jobs, track.job_id))
    assert hand.run(hand.take()) == "SUCCESS"
    assert hand.steps() == [Step.CONVERT]
    return track.job_id


def _downloads(telegram: EmulatorThread) -> int:
    return telegram.call(lambda state: state.calls["download"])


@pytest.mark.usefixtures("heard")
def test_a_large_file_never_enters_redis(
    own: Resources,
    hand: Hand,
    telegram: EmulatorThread,
    send_file: SendFile,
) -> None:
    """It is fetched once for all steps, its hash is noted, and it goes with the job."""
    job_id = _ingested(own, hand, send_file(LARGE))
    assert own.jobs.fact(job_id, "sha256") == hashlib.sha256(LARGE).hexdigest()
    assert own.spool.head(job_id, UPLOAD) is None
    assert (own.job_settings.work_dir / job_id).read_bytes() == LARGE
    hand.drain()
    assert seen(own.jobs, job_id).stage is Stage.DONE
    assert _downloads(telegram) == 1
    assert list(own.job_settings.work_dir.iterdir()) == []


@pytest.mark.parametrize("size", [None, 1])
def test_a_small_file_is_in_the_spool_whatever_was_said_of_it(
    own: Resources, hand: Hand, send_file: SendFile, size: int | None
) -> None:
    """One of unknown size goes through the folder first."""
    data = _music(4)
    job_id = _ingested(own, hand, send_file(data, file_size=size))
    assert own.spool.get(job_id, UPLOAD) == data
    assert own.jobs.fact(job_id, "sha256") == hashlib.sha256(data).hexdigest()


@pytest.mark.usefixtures("heard", "music")
def test_another_worker_fetches_its_own_copy(
    own: Resources,
    hand: Hand,
    telegram: EmulatorThread,
    send_file: SendFile,
) -> None:
    """The folder is not the same there, or was emptied: each step finds it again."""
    job_id = _ingested(own, hand, send_file(LARGE))
    for _ in range(3):
        (own.job_settings.work_dir / job_id).unlink(missing_ok=True)
        assert hand.run(hand.take()) == "SUCCESS"
    assert _downloads(telegram) == 3
    assert own.spool.head(job_id, "clip") is not None


@pytest.mark.usefixtures("heard")
def test_a_verdict_without_its_file_goes_without_a_clip(
    own: Resources,
    hand: Hand,
    telegram: EmulatorThread,
    send_file: SendFile,
) -> None:
    """The work is done; that Telegram is away for a moment is no reason to wait or to fail."""
    job_id = _ingested(own, hand, send_file(LARGE))
    for _ in range(2):
        assert hand.run(hand.take()) == "SUCCESS"
    assert hand.steps() == [Step.CLASSIFY]
    (own.job_settings.work_dir / job_id).unlink()
    telegram.call(lambda state: state.faults.add(Fault(kind="server_error", method="getFile")))
    hand.drain()
    assert seen(own.jobs, job_id).stage is Stage.DONE
    assert "clip_sent" not in seen(own.jobs, job_id).fields


def test_a_servers_own_file_is_read_in_place(
    own: Resources, hand: Hand, send_file: SendFile, shared_file: Path
) -> None:
    """Nothing is copied where the Bot API server shares its files with this machine."""
    shared_file.write_bytes(LARGE)
    job_id = _ingested(own, hand, send_file(LARGE))
    assert own.jobs.fact(job_id, "sha256") == hashlib.sha256(LARGE).hexdigest()
    assert not own.job_settings.work_dir.exists()
    with upload(own, seen(own.jobs, job_id)) as file:
        assert Path(file.name) == shared_file


@pytest.fixture
def shared_file(
    environment: pytest.MonkeyPatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A file that ``getFile`` names by its path on this machine."""
    path = tmp_path / "server" / "file_1.wav"
    path.parent.mkdir()

    async def found(_bot: object, _file_id: str, _limit: int) -> tuple[str, int]:
        return str(path), path.stat().st_size

    environment.setenv("GENREBOT_API_LOCAL", "true")
    monkeypatch.setattr("services.worker.telegram._found", found)
    yield path
    path.unlink()
