"""What the heartbeat says, and when the bot counts as alive and as ready."""

import asyncio

import pytest
from aiogram import Bot
from aiogram.methods import GetUpdates
from redis import Redis

from services.bot.config import Config
from services.bot.liveness.health import BotHealth
from services.bot.liveness.heartbeat import Heartbeat, write_heartbeat
from services.bot.liveness.loop_lag import LagMonitor
from services.bot.poller import PollingState
from shared.settings import RedisSettings
from shared.store.keys import BOT_HEARTBEAT
from tests.services.bot.telegram import FakeTelegram
from tests.services.bot.test_polling import running
from tests.services.bot.waiting import Clock, until

NOW = 1_700_000_000.0
WELL = BotHealth(at=NOW, polled_at=NOW - 5)


def test_a_bot_that_polls_is_ready() -> None:
    """For 90 seconds after the last success."""
    assert WELL.why_not_ready(NOW) == []
    assert WELL.why_not_ready(NOW + 85) == []
    assert WELL.summary(NOW).startswith("updates were fetched 5 s ago")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"polled_at": None}, "no updates have been fetched yet"),
        ({"polled_at": NOW - 91}, "no updates have been fetched for 91 s"),
        (
            {"polled_at": NOW - 120, "polling_problem": "Telegram server says - Conflict"},
            "no updates have been fetched for 120 s: Telegram server says - Conflict",
        ),
        ({"lag_max_ms": 6000.0}, "the event loop is late: by up to 6000 ms"),
        ({"lag_p99_ms": 700.0}, "and by 700 ms at the 99th percentile"),
    ],
)
def test_a_bot_that_does_not_serve_is_alive_but_not_ready(
    changes: dict[str, object], reason: str
) -> None:
    """The reason is a sentence."""
    health = WELL.model_copy(update=changes)
    assert health.why_not_alive() is None
    [why] = health.why_not_ready(NOW)
    assert reason in why


def test_a_bot_with_a_crashed_task_is_not_alive() -> None:
    """A restart helps, so it counts as dead."""
    health = WELL.model_copy(update={"crashed": ("status updater", "lag monitor")})
    expected = "the status updater and the lag monitor crashed; the bot has to be restarted"
    assert health.why_not_alive() == expected
    assert health.why_not_ready(NOW) == [expected]


def test_the_heartbeat_says_how_the_bot_is() -> None:
    """It takes together what poller and lag monitor know."""
    polling = PollingState(clock=Clock(), problem="cut", skipped=3)
    polling.last_success = 1000.0
    health = Heartbeat(Redis(), LagMonitor(), polling).health()
    assert (health.polled_at, health.polling_problem, health.skipped_updates) == (1000.0, "cut", 3)


@pytest.mark.usefixtures("redis_settings")
def test_the_heartbeat_expires(valkey_url: str) -> None:
    """After half a minute."""
    with Redis.from_url(valkey_url) as client:
        assert not client.exists(BOT_HEARTBEAT)
        write_heartbeat(client, WELL)
        assert 0 < int(client.ttl(BOT_HEARTBEAT)) <= 30


async def test_a_bot_without_updates_is_not_ready(
    config: Config, bot: Bot, telegram: FakeTelegram, redis_settings: RedisSettings
) -> None:
    """Although the process runs and writes its heartbeat: Telegram refuses to deliver."""

    def health() -> BotHealth | None:
        raw = client.get(BOT_HEARTBEAT)
        return BotHealth.model_validate_json(raw) if raw else None

    telegram.fail(GetUpdates, 409, "Conflict: terminated by other getUpdates", times=1000)
    with Redis.from_url(redis_settings.url.get_secret_value()) as client:
        async with running(config, bot, telegram):
            await until(lambda: (found := health()) and found.polling_problem)
            found = health()
            assert found is not None
            assert found.why_not_alive() is None
            [reason] = found.why_not_ready(found.at)
            assert "no updates have been fetched yet" in reason
            assert "Conflict" in reason


async def test_the_heartbeat_survives_redis_being_away() -> None:
    """It is written again once Redis is back; until then it expires."""
    heartbeat = Heartbeat(Redis(port=1), LagMonitor(), PollingState())
    task = asyncio.create_task(heartbeat.run())
    await asyncio.sleep(0.2)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
