"""``genrebot health``: what container health checks go by."""

import socket

import pytest
from redis import Redis

from services.bot.heartbeat import beat
from shared.settings import RedisSettings
from shared.store.keys import worker_heartbeat_key
from shared.store.redis_client import connect
from tests.services.cli.conftest import Genrebot


@pytest.fixture
def redis(redis_settings: RedisSettings) -> Redis:
    """An empty server."""
    return connect(redis_settings, text=True)


@pytest.mark.parametrize("what", ["bot", "worker"])
@pytest.mark.usefixtures("redis")
def test_silence_is_ill_health(genrebot: Genrebot, valkey_url: str, what: str) -> None:
    """Exit code 1 and a word on who is missing."""
    result = genrebot("health", what, REDIS_URL=valkey_url)
    assert result.exit_code == 1
    assert f"the {what} has not been heard of" in result.stderr


def test_a_bot_that_gave_a_sign_is_well(genrebot: Genrebot, redis: Redis, valkey_url: str) -> None:
    """The bot's own sign of life, not a key of the test's making."""
    beat(redis)
    assert genrebot("health", "bot", REDIS_URL=valkey_url).exit_code == 0
    assert genrebot("health", "worker", REDIS_URL=valkey_url).exit_code == 1


def test_a_worker_is_known_by_its_host_or_its_name(
    genrebot: Genrebot, redis: Redis, valkey_url: str
) -> None:
    """In a container there is one worker, named after the host."""
    redis.set(worker_heartbeat_key(f"celery@{socket.gethostname()}"), "1")
    redis.set(worker_heartbeat_key("w7@there"), "1")
    for arguments, code in (([], 0), (["--name", "w7@there"], 0), (["--name", "w8@there"], 1)):
        assert genrebot("health", "worker", *arguments, REDIS_URL=valkey_url).exit_code == code


def test_a_server_that_is_away_is_said(genrebot: Genrebot) -> None:
    """Within seconds, in a sentence; its password stays out of it."""
    result = genrebot("health", "bot", REDIS_URL="redis://:hidden@127.0.0.1:1/0")
    assert result.exit_code == 1
    assert "Redis does not answer" in result.output
    assert "hidden" not in result.output


def test_what_else_might_be_ill_is_wrong_usage(genrebot: Genrebot) -> None:
    """There is a bot, and there are workers."""
    assert genrebot("health", "flower").exit_code == 2
