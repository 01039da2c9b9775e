"""The status updater when Telegram or Redis fails, or a job cannot be read."""

import asyncio
import time

import pytest
from aiogram import Bot
from aiogram.methods import EditMessageText, SendMessage
from redis.exceptions import ConnectionError as RedisConnectionError

from services.bot.app import App
from services.bot.estimation.eta import QueueEstimator
from services.bot.status.updater import StatusUpdater
from shared.domain.job_state import CancelReason, JobState
from shared.queue.tasks import QueueName
from shared.store.jobs import JobStore
from shared.store.keys import ACTIVE_JOBS, WAITING_JOBS, JobField, job_key
from tests.services.bot.samples import received
from tests.services.bot.telegram import FakeTelegram
from tests.services.bot.updaters import TICK_S, locked, ticks, updating
from tests.services.bot.waiting import Clock, until


async def test_a_pause_that_telegram_asks_for_is_kept(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """It applies to that chat only."""
    clock = Clock()
    telegram.fail(SendMessage, 429, "Too Many Requests: retry after 30", retry_after=30)
    received(jobs, 7)
    async with updating(bot, jobs, clock=clock) as status_updater:
        await until(lambda: telegram.requests and not status_updater._sending)
        clock.now += 29.0
        received(jobs, 8)
        await until(lambda: len(telegram.requests) == 2)
        await ticks()
        assert [m.chat_id for m in telegram.of(SendMessage)] == [7, 8]
        clock.now += 2.0
        await until(lambda: len(telegram.requests) == 3)
    assert telegram.of(SendMessage)[2].chat_id == 7


@pytest.mark.parametrize(
    ("code", "description"),
    [
        (400, "Bad Request: message to edit not found"),
        (400, "Bad Request: message can't be edited"),
    ],
)
async def test_a_message_that_telegram_refuses_is_given_up(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore, code: int, description: str
) -> None:
    """If it was deleted, say, this job gets no further edits; the job itself goes on."""
    job_id = received(jobs)
    async with updating(bot, jobs):
        await until(lambda: telegram.texts)
        telegram.fail(EditMessageText, code, description)
        jobs.advance(job_id, JobState.FETCHING)
        await until(lambda: len(telegram.requests) == 2)
        jobs.advance(job_id, JobState.CONVERTING)
        await ticks(10)
        assert len(telegram.requests) == 2
        received(jobs)
        await until(lambda: len(telegram.requests) == 3)


@pytest.mark.parametrize("method", [SendMessage, EditMessageText])
async def test_a_job_of_a_closed_chat_is_cancelled(
    app: App, telegram: FakeTelegram, method: type[SendMessage | EditMessageText]
) -> None:
    """As when its user blocks the bot: the job ends at once, and a worker cleans up behind it."""
    job_id = received(app.jobs)
    if method is EditMessageText:
        app.jobs.record(job_id, JobField.STATUS_MESSAGE_ID, "5")
    telegram.fail(method, 403, "Forbidden: bot was blocked by the user", times=9)
    task = asyncio.create_task(app.status_updater.run())
    await until(lambda: app.jobs.is_over(job_id))
    await until(lambda: app.jobs.redis.llen(QueueName.SHORT) == 1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert app.jobs.fact(job_id, JobField.CANCELLED) == CancelReason.GONE
    assert len(telegram.requests) == 1


async def test_a_failed_request_is_repeated(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """The status is sent later."""
    telegram.cut(SendMessage)
    telegram.fail(SendMessage, 500, "Internal Server Error")
    received(jobs)
    async with updating(bot, jobs):
        await until(lambda: len(telegram.requests) == 3)
        await ticks(10)
    assert len(telegram.requests) == 3


async def test_a_slow_chat_delays_no_other(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """Jobs are read while a request hangs."""
    telegram.delay_s[7] = 1.0
    slow, other = received(jobs, 7), received(jobs, 8)
    async with updating(bot, jobs):
        await until(lambda: len(telegram.requests) == 2)
        jobs.advance(other, JobState.FETCHING)
        await until(lambda: telegram.of(EditMessageText))
        assert jobs.fact(slow, JobField.STATUS_MESSAGE_ID) is None  # its request still hangs
    assert [m.chat_id for m in telegram.of(SendMessage)].count(7) == 1


async def test_expired_jobs_are_dropped_from_the_lists(bot: Bot, jobs: JobStore) -> None:
    """So that they do not count in the queue."""
    job_id = received(jobs)
    jobs.redis.delete(job_key(job_id))
    async with updating(bot, jobs):
        await until(lambda: jobs.redis.zcard(ACTIVE_JOBS) == 0 == jobs.redis.zcard(WAITING_JOBS))


async def test_an_unreadable_job_does_not_hide_others(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """A state that another release wrote is skipped."""
    unreadable = received(jobs)
    jobs.redis.hset(job_key(unreadable), JobField.TRACK, '{"schema_version": 99}')
    received(jobs)
    async with updating(bot, jobs):
        await until(lambda: telegram.texts)


async def test_redis_may_be_away_for_a_while(
    bot: Bot,
    telegram: FakeTelegram,
    jobs: JobStore,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """That is logged once, and the updater goes on afterwards."""
    reads = 0

    def away(*_: object) -> None:
        nonlocal reads
        reads += 1
        raise RedisConnectionError("refused")

    received(jobs)
    monkeypatch.setattr(jobs, "changed_since", away)
    async with updating(bot, jobs):
        await until(lambda: reads > 4)
        monkeypatch.undo()
        await until(lambda: telegram.texts)
    assert caplog.text.count("cannot read job states") == 1


async def test_a_message_whose_id_was_not_stored_is_not_sent_twice(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If Redis fails after a message was sent, its id is stored later."""
    failures = [RedisConnectionError("refused")]
    record = jobs.record

    def sometimes(job_id: str, field: JobField, value: str) -> bool:
        if failures:
            raise failures.pop()
        return record(job_id, field, value)

    monkeypatch.setattr(jobs, "record", sometimes)
    job_id = received(jobs)
    async with updating(bot, jobs):
        await until(lambda: jobs.fact(job_id, JobField.STATUS_MESSAGE_ID) == "101")
    assert len(telegram.of(SendMessage)) == 1


async def test_shutdown_leaves_no_lock_behind(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """A fast update finishes, a hanging one is cancelled."""
    telegram.delay_s = {7: 0.1, 8: 60.0}
    fast, hanging = received(jobs, 7), received(jobs, 8)
    started = time.monotonic()
    status_updater = StatusUpdater(
        bot,
        jobs,
        cancel=jobs.view,
        estimator=QueueEstimator(jobs.redis, jobs.settings),
        interval_s=TICK_S,
    )
    task = asyncio.create_task(status_updater.run())
    await until(lambda: len(telegram.requests) == 2)
    task.cancel()
    await status_updater.finish(0.3)
    assert time.monotonic() - started < 3
    assert jobs.fact(fast, JobField.STATUS_MESSAGE_ID) is not None
    assert not locked(jobs, fast)
    assert not locked(jobs, hanging)
