"""``genrebot health``: what health checks of containers go by."""

import socket
import time

import pytest
from redis import Redis

from services.bot.liveness.health import BotHealth
from services.bot.liveness.heartbeat import write_heartbeat
from shared.settings import RedisSettings
from shared.store.keys import BOT_HEARTBEAT, worker_heartbeat_key
from shared.store.redis_client import connect
from tests.services.cli.conftest import Genrebot


@pytest.fixture
def redis(redis_settings: RedisSettings) -> Redis:
    """An empty server."""
    return connect(redis_settings, text=True)


@pytest.mark.parametrize("what", ["bot", "worker"])
@pytest.mark.parametrize("options", [[], ["--live"]])
@pytest.mark.usefixtures("redis")
def test_without_a_heartbeat_it_is_not_alive(
    genrebot: Genrebot, valkey_url: str, what: str, options: list[str]
) -> None:
    """Exit code 1, and what is missing."""
    result = genrebot("health", what, *options, REDIS_URL=valkey_url)
    assert result.exit_code == 1
    assert f"not alive: no heartbeat of the {what}" in result.stderr


def test_a_bot_that_polls_is_ready(genrebot: Genrebot, redis: Redis, valkey_url: str) -> None:
    """By the heartbeat that the bot itself writes."""
    write_heartbeat(redis, BotHealth(at=time.time(), polled_at=time.time()))
    result = genrebot("health", "bot", REDIS_URL=valkey_url)
    assert result.exit_code == 0
    assert result.stdout.startswith("ready: updates were fetched ")
    assert genrebot("health", "worker", REDIS_URL=valkey_url).exit_code == 1


def test_a_bot_without_updates_is_alive_but_not_ready(
    genrebot: Genrebot, redis: Redis, valkey_url: str
) -> None:
    """With the reason; a restart would not help."""
    health = BotHealth(
        at=time.time(), polled_at=time.time() - 100, polling_problem="Conflict: a webhook is set"
    )
    write_heartbeat(redis, health)
    result = genrebot("health", "bot", REDIS_URL=valkey_url)
    assert result.exit_code == 1
    assert "not ready: no updates have been fetched for 100 s" in result.stderr
    assert "a webhook is set" in result.stderr
    live = genrebot("health", "bot", "--live", REDIS_URL=valkey_url)
    assert (live.exit_code, live.stdout) == (0, "alive\n")
    assert "not ready" in live.stderr


def test_a_bot_with_a_crashed_task_is_not_alive(
    genrebot: Genrebot, redis: Redis, valkey_url: str
) -> None:
    """Here a restart helps."""
    now = time.time()
    write_heartbeat(redis, BotHealth(at=now, polled_at=now, crashed=("status updater",)))
    result = genrebot("health", "bot", "--live", REDIS_URL=valkey_url)
    assert result.exit_code == 1
    assert "not alive: the status updater crashed" in result.stderr


def test_a_heartbeat_of_another_release(genrebot: Genrebot, redis: Redis, valkey_url: str) -> None:
    """It is named as such, in a sentence."""
    redis.set(BOT_HEARTBEAT, "1")
    result = genrebot("health", "bot", REDIS_URL=valkey_url)
    assert result.exit_code == 1
    assert "another release" in result.output


def test_a_worker_is_found_by_its_host_or_its_name(
    genrebot: Genrebot, redis: Redis, valkey_url: str
) -> None:
    """A container runs one worker, which is named after the host."""
    redis.set(worker_heartbeat_key(f"celery@{socket.gethostname()}"), "1")
    redis.set(worker_heartbeat_key("w7@there"), "1")
    for arguments, code in (([], 0), (["--name", "w7@there"], 0), (["--name", "w8@there"], 1)):
        assert genrebot("health", "worker", *arguments, REDIS_URL=valkey_url).exit_code == code


def test_redis_that_does_not_answer_is_reported(genrebot: Genrebot) -> None:
    """Within seconds, in a sentence that does not show the password."""
    result = genrebot("health", "bot", REDIS_URL="redis://:hidden@127.0.0.1:1/0")
    assert result.exit_code == 1
    assert "Redis does not answer" in result.output
    assert "hidden" not in result.output


def test_anything_else_is_wrong_usage(genrebot: Genrebot) -> None:
    """There are the bot and the workers."""
    assert genrebot("health", "flower").exit_code == 2
