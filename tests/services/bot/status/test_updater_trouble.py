"""The status board when Telegram, Redis or a job lets it down."""

import asyncio
import time

import pytest
from aiogram import Bot
from aiogram.methods import EditMessageText, SendMessage
from redis.exceptions import ConnectionError as RedisConnectionError

from services.bot.status.updater import StatusUpdater
from shared.domain.job_state import JobState
from shared.store.jobs import JobStore
from shared.store.keys import ACTIVE_JOBS, WAITING_JOBS, JobField, key
from tests.services.bot.samples import received
from tests.services.bot.telegram import FakeTelegram
from tests.services.bot.updaters import TICK_S, locked, posted, ticks
from tests.services.bot.waiting import Clock, until


async def test_a_chat_that_asks_for_a_pause_gets_it(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """retry_after silences that chat for so long, and no other."""
    clock = Clock()
    telegram.fail(SendMessage, 429, "Too Many Requests: retry after 30", retry_after=30)
    received(jobs, 7)
    async with posted(bot, jobs, clock=clock) as status_updater:
        await until(lambda: telegram.requests and not status_updater._busy)
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
        (403, "Forbidden: bot was blocked by the user"),
        (400, "Bad Request: message to edit not found"),
        (400, "Bad Request: message can't be edited"),
    ],
)
async def test_a_message_that_cannot_be_written_is_given_up(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore, code: int, description: str
) -> None:
    """A blocked bot or a deleted message ends the edits of this job, not of others."""
    job_id = received(jobs)
    async with posted(bot, jobs):
        await until(lambda: telegram.texts)
        telegram.fail(EditMessageText, code, description)
        jobs.advance(job_id, JobState.FETCHING)
        await until(lambda: len(telegram.requests) == 2)
        jobs.advance(job_id, JobState.CONVERTING)
        await ticks(10)
        assert len(telegram.requests) == 2
        received(jobs)
        await until(lambda: len(telegram.requests) == 3)


async def test_a_failing_network_is_tried_again(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """After a lost request the status comes later."""
    telegram.cut(SendMessage)
    telegram.fail(SendMessage, 500, "Internal Server Error")
    received(jobs)
    async with posted(bot, jobs):
        await until(lambda: len(telegram.requests) == 3)
        await ticks(10)
    assert len(telegram.requests) == 3


async def test_a_slow_chat_delays_no_other(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """One request that hangs holds up neither another chat nor the looks at the jobs."""
    telegram.delay_s[7] = 1.0
    slow, other = received(jobs, 7), received(jobs, 8)
    async with posted(bot, jobs):
        await until(lambda: len(telegram.requests) == 2)
        jobs.advance(other, JobState.FETCHING)
        await until(lambda: telegram.of(EditMessageText))
        assert jobs.fact(slow, "status_message_id") is None  # its request still hangs
    assert [m.chat_id for m in telegram.of(SendMessage)].count(7) == 1


async def test_expired_jobs_leave_the_lists(bot: Bot, jobs: JobStore) -> None:
    """A job whose state is gone stands in nobody's way in the queue."""
    job_id = received(jobs)
    jobs.redis.delete(key("job", job_id))
    async with posted(bot, jobs):
        await until(lambda: jobs.redis.zcard(ACTIVE_JOBS) == 0 == jobs.redis.zcard(WAITING_JOBS))


async def test_an_unreadable_job_hides_no_other(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """A state from another release is passed over."""
    broken = received(jobs)
    jobs.redis.hset(key("job", broken), "track", '{"schema_version": 99}')
    received(jobs)
    async with posted(bot, jobs):
        await until(lambda: telegram.texts)


async def test_redis_may_go_and_come_back(
    bot: Bot,
    telegram: FakeTelegram,
    jobs: JobStore,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """While Redis is away the board says so once, and goes on afterwards."""
    looks = 0

    def away() -> list[str]:
        nonlocal looks
        looks += 1
        raise RedisConnectionError("refused")

    received(jobs)
    monkeypatch.setattr(jobs, "active", away)
    async with posted(bot, jobs):
        await until(lambda: looks > 4)
        monkeypatch.undo()
        await until(lambda: telegram.texts)
    assert caplog.text.count("cannot read job states") == 1


async def test_a_message_that_could_not_be_noted_is_not_sent_twice(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis fails between sending and noting the message's id: it is noted later."""
    failures = [RedisConnectionError("refused")]
    record = jobs.record

    def sometimes(job_id: str, field: JobField, value: str) -> bool:
        if failures:
            raise failures.pop()
        return record(job_id, field, value)

    monkeypatch.setattr(jobs, "record", sometimes)
    job_id = received(jobs)
    async with posted(bot, jobs):
        await until(lambda: jobs.fact(job_id, "status_message_id") == "101")
    assert len(telegram.of(SendMessage)) == 1


async def test_the_end_lets_updates_finish_and_leaves_no_lock(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """At shutdown a quick update ends by itself and a stuck one is cut off; locks are free."""
    telegram.delay_s = {7: 0.1, 8: 60.0}
    quick, stuck = received(jobs, 7), received(jobs, 8)
    started = time.monotonic()
    status_updater = StatusUpdater(bot, jobs, interval_s=TICK_S)
    task = asyncio.create_task(status_updater.run())
    await until(lambda: len(telegram.requests) == 2)
    task.cancel()
    await status_updater.finish(0.3)
    assert time.monotonic() - started < 3
    assert jobs.fact(quick, "status_message_id") is not None
    assert not locked(jobs, quick)
    assert not locked(jobs, stuck)
