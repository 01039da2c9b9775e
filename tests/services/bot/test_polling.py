"""The running bot: when updates are confirmed to Telegram, and how the bot ends."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramUnauthorizedError
from aiogram.methods import DeleteWebhook, GetMe, GetUpdates, SendMessage, SetMyCommands
from kombu.exceptions import OperationalError

from services.bot import app, poller, submission, texts
from services.bot.app import App
from services.bot.config import Config
from services.bot.status.updater import StatusUpdater
from shared.queue.sending import send_ingest
from shared.queue.tasks import QueueName
from shared.settings import JobSettings, RedisSettings
from shared.store.jobs import JobStore
from shared.store.keys import BOT_HEARTBEAT
from tests.services.bot.samples import AUDIO, OLD_FORWARD, update
from tests.services.bot.telegram import FakeTelegram
from tests.services.bot.waiting import until


@asynccontextmanager
async def running(config: Config, bot: Bot, telegram: FakeTelegram) -> AsyncIterator[App]:
    """Run a bot that polls, and stop it with SIGTERM."""
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
    """A job store beside the bot's own."""
    return JobStore.open(redis_settings, job_settings)


async def test_an_update_is_confirmed_only_once_its_job_is_queued(
    config: Config,
    bot: Bot,
    telegram: FakeTelegram,
    observer: JobStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While the queue is away the offset does not move; then the task is queued first."""
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


async def test_a_track_that_was_not_queued_comes_again_after_a_restart(
    config: Config,
    bot: Bot,
    telegram: FakeTelegram,
    observer: JobStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A bot that is stopped while the queue is away confirms nothing; the next one queues it."""

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


async def test_a_slow_reply_delays_no_other_update(
    config: Config, bot: Bot, telegram: FakeTelegram, observer: JobStore
) -> None:
    """Neither the next update nor its status message."""
    telegram.delay_s[7] = 1.2
    telegram.pending = [update(7, text="/help"), update(8, audio=AUDIO)]
    async with running(config, bot, telegram):
        await until(lambda: [m for m in telegram.of(SendMessage) if m.chat_id == 8], within_s=1.0)
        assert len(observer.active()) == 1
    observer.redis.close()


async def test_an_exception_does_not_stop_polling(
    config: Config, bot: Bot, telegram: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next update is handled."""

    def broken(*_: Any, **__: Any) -> None:
        raise TypeError("bug")

    monkeypatch.setattr(submission, "send_ingest", broken)
    telegram.pending = [update(audio=AUDIO), update(8, text="/genres")]
    async with running(config, bot, telegram):
        await until(lambda: texts.genres() in telegram.texts)
    assert texts.OOPS in telegram.texts


async def test_one_update_does_not_silence_the_bot(
    config: Config, bot: Bot, telegram: FakeTelegram
) -> None:
    """What does not decode is skipped, and the next update gets its reply."""
    telegram.pending = [OLD_FORWARD, update(text="/genres", update_id=500_001)]
    async with running(config, bot, telegram):
        await until(lambda: texts.genres() in telegram.texts)
        await until(lambda: telegram.pending == [])


async def test_a_left_over_webhook_is_deleted(
    config: Config, bot: Bot, telegram: FakeTelegram
) -> None:
    """Updates that are waiting are kept."""
    telegram.webhook = True
    telegram.pending = [update(text="/genres")]
    async with running(config, bot, telegram):
        await until(lambda: texts.genres() in telegram.texts)
    assert [method.drop_pending_updates for method in telegram.of(DeleteWebhook)] == [False]


async def test_a_lasting_conflict_ends_the_bot(
    config: Config, bot: Bot, telegram: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends in order, with the sentence that the command line prints."""
    monkeypatch.setattr(poller, "PATIENCE_S", 0.0)
    telegram.fail(GetUpdates, 409, "Conflict", times=1000)
    with pytest.raises(poller.PollingError, match="Stop the other program"):
        await asyncio.wait_for(App(config, bot).run(), 10)
    assert telegram.closed


async def test_start_and_shutdown(
    config: Config, bot: Bot, telegram: FakeTelegram, observer: JobStore
) -> None:
    """Commands are set, the heartbeat is written, and SIGTERM leaves no task behind."""
    telegram.delay_s[7] = 0.3
    telegram.fail(SetMyCommands, 400, "BOT_COMMAND_INVALID")  # is only logged
    telegram.pending = [update(text="/start")]
    async with running(config, bot, telegram) as app:
        await until(lambda: observer.redis.exists(BOT_HEARTBEAT))
        await until(lambda: texts.start() in telegram.texts)  # requested, no response yet
        await until(lambda: app.lag.count > 2)
    assert len(telegram.of(SetMyCommands)) == 1
    assert telegram.of(GetUpdates)[0].allowed_updates == ["callback_query", "message"]
    assert telegram.closed
    this = asyncio.current_task()
    assert [task.get_name() for task in asyncio.all_tasks() if task is not this] == []
    observer.redis.close()


async def test_the_start_waits_for_the_network(
    config: Config, bot: Bot, telegram: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But ends at once if the token is wrong."""
    monkeypatch.setattr(app, "CONNECT_DELAY_S", 0.01)
    telegram.cut(GetMe, times=2)
    telegram.fail(GetMe, 401, "Unauthorized")
    with pytest.raises(TelegramUnauthorizedError):
        await App(config, bot).run()
    assert len(telegram.of(GetMe)) == 3
    assert telegram.closed


async def test_a_crashed_background_task_is_logged_and_shown(
    config: Config,
    bot: Bot,
    telegram: FakeTelegram,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As critical, with the reason; and the bot no longer counts as alive."""

    async def crash(_: StatusUpdater) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(StatusUpdater, "run", crash)
    async with running(config, bot, telegram) as app:
        await until(lambda: app.heartbeat.crashed)
        reason = app.heartbeat.health().why_not_alive()
    assert "The status updater crashed" in caplog.text
    assert "status updater" in (reason or "")
