"""The bot as it runs: what is confirmed to Telegram and when, and how it ends."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramUnauthorizedError
from aiogram.methods import GetMe, GetUpdates, SendMessage, SetMyCommands
from kombu.exceptions import OperationalError

from services.bot import app, submission, texts
from services.bot.app import App
from services.bot.config import Config
from shared.queue.sending import send_ingest
from shared.queue.tasks import QueueName
from shared.settings import JobSettings, RedisSettings
from shared.store.jobs import JobStore
from shared.store.keys import BOT_HEARTBEAT
from tests.services.bot.samples import AUDIO, update
from tests.services.bot.telegram import FakeTelegram
from tests.services.bot.waiting import until


@asynccontextmanager
async def running(config: Config, bot: Bot, telegram: FakeTelegram) -> AsyncIterator[App]:
    """A bot that polls, stopped with SIGTERM at the end."""
    app = App(config, bot)
    run = asyncio.create_task(app.run())
    try:
        await until(lambda: telegram.of(GetUpdates))
        yield app
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(run, 10)


@pytest.fixture
def observer(redis_settings: RedisSettings, job_settings: JobSettings) -> JobStore:
    """Job store of somebody who looks on."""
    return JobStore.open(redis_settings, job_settings)


async def test_an_update_is_confirmed_only_once_its_job_is_queued(
    config: Config,
    bot: Bot,
    telegram: FakeTelegram,
    observer: JobStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While the queue is away no later offset is asked for; then the task is there first."""
    failures = [OperationalError("away")] * 2
    polls: list[tuple[int, int]] = []

    def sometimes(*args: Any, **options: Any) -> None:
        if failures:
            raise failures.pop()
        assert telegram.of(GetUpdates)[-1].offset in (None, 0)
        send_ingest(*args, **options)

    monkeypatch.setattr(submission, "send_ingest", sometimes)
    telegram.on_poll = lambda offset: polls.append(
        (offset, cast("int", observer.redis.llen(QueueName.SHORT)))
    )
    event = update(audio=AUDIO)
    telegram.pending = [event]
    async with running(config, bot, telegram):
        await until(lambda: len(polls) > 1)
    assert polls[0] == (0, 0)
    assert polls[1] == (event.update_id + 1, 1)
    assert telegram.texts.count(texts.QUEUE_AWAY) == 1
    assert telegram.pending == []
    observer.redis.close()


async def test_what_was_not_queued_comes_again_after_a_restart(
    config: Config,
    bot: Bot,
    telegram: FakeTelegram,
    observer: JobStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A bot stopped while the queue is away confirms nothing; the next one queues the track."""

    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(submission, "send_ingest", away)
    telegram.pending = [update(audio=AUDIO)]
    async with running(config, bot, telegram):
        await until(lambda: texts.QUEUE_AWAY in telegram.texts)
    assert len(telegram.of(GetUpdates)) == 1
    assert len(telegram.pending) == 1
    monkeypatch.undo()
    async with running(config, bot, telegram):
        await until(lambda: telegram.pending == [])
    assert len(observer.active()) == 1
    assert observer.redis.llen(QueueName.SHORT) == 1
    observer.redis.close()


async def test_slow_answers_hold_nobody_up(
    config: Config, bot: Bot, telegram: FakeTelegram, observer: JobStore
) -> None:
    """A chat that takes long to reach delays neither the next update nor its status."""
    telegram.delay_s[7] = 1.2
    telegram.pending = [update(7, text="/help"), update(8, audio=AUDIO)]
    async with running(config, bot, telegram):
        await until(lambda: [m for m in telegram.of(SendMessage) if m.chat_id == 8], within_s=1.0)
        assert len(observer.active()) == 1
    observer.redis.close()


async def test_a_bug_does_not_stop_polling(
    config: Config, bot: Bot, telegram: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an unforeseen error the next update is handled."""

    def broken(*_: Any, **__: Any) -> None:
        raise TypeError("bug")

    monkeypatch.setattr(submission, "send_ingest", broken)
    telegram.pending = [update(audio=AUDIO), update(8, text="/genres")]
    async with running(config, bot, telegram):
        await until(lambda: texts.genres() in telegram.texts)
    assert texts.OOPS in telegram.texts


async def test_a_run_from_start_to_end(
    config: Config, bot: Bot, telegram: FakeTelegram, observer: JobStore
) -> None:
    """Commands are registered, life is shown, and SIGTERM ends all without a leftover."""
    telegram.delay_s[7] = 0.3
    telegram.fail(SetMyCommands, 400, "BOT_COMMAND_INVALID")  # only worth a line in the log
    telegram.pending = [update(text="/start")]
    async with running(config, bot, telegram) as app:
        await until(lambda: observer.redis.exists(BOT_HEARTBEAT))
        await until(lambda: texts.start() in telegram.texts)  # asked for, not yet answered
        await until(lambda: app.lag.count > 2)
    assert len(telegram.of(SetMyCommands)) == 1
    assert telegram.of(GetUpdates)[0].allowed_updates == ["callback_query", "message"]
    assert telegram.closed
    mine = asyncio.current_task()
    assert [task.get_name() for task in asyncio.all_tasks() if task is not mine] == []
    observer.redis.close()


async def test_it_waits_for_telegram_at_the_start(
    config: Config, bot: Bot, telegram: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that is not there yet is waited for; a wrong token is not."""
    monkeypatch.setattr(app, "GREETING_DELAY_S", 0.01)
    telegram.cut(GetMe, times=2)
    telegram.fail(GetMe, 401, "Unauthorized")
    with pytest.raises(TelegramUnauthorizedError):
        await App(config, bot).run()
    assert len(telegram.of(GetMe)) == 3
    assert telegram.closed


async def test_a_dead_board_is_noticed(caplog: pytest.LogCaptureFixture) -> None:
    """A background task that ends by a bug leaves a critical line with the reason."""

    async def die() -> None:
        raise ZeroDivisionError

    task = asyncio.create_task(die(), name="board")
    task.add_done_callback(app._log_crash)
    with suppress(ZeroDivisionError):
        await task
    await asyncio.sleep(0)
    assert "The board has died" in caplog.text
