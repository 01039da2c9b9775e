"""How the bot is started, reached and asked after."""

import subprocess
import sys

import pytest
from aiogram.client.telegram import PRODUCTION
from pydantic import SecretStr, ValidationError
from redis import Redis

from services.bot import __main__ as entry
from services.bot import health
from services.bot.client import make_bot
from shared import logs
from shared.settings import RedisSettings, TelegramSettings

HEAVY = "numpy librosa catboost scipy matplotlib av pydub bottleneck soxr services.worker"


def test_the_bot_knows_nothing_of_sound() -> None:
    """Importing the bot loads nothing that decodes, computes or draws, and no worker."""
    script = (
        "import sys, services.bot.__main__\n"
        f"print([name for name in {HEAVY.split()} if name in sys.modules])"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter on our own script
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_missing_settings_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a token it does not start and says which variable is missing."""
    monkeypatch.delenv("BOT_TOKEN", raising=False)
    monkeypatch.setattr(logs, "configure", lambda: None)
    with pytest.raises(ValidationError) as caught:
        entry.main()
    assert entry._messages(caught.value) == "BOT_TOKEN: Field required"


def test_a_malformed_token_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in BOT_TOKEN never shows, however wrong it is."""
    monkeypatch.setenv("BOT_TOKEN", "sesame")
    monkeypatch.setattr(logs, "configure", lambda: None)
    with pytest.raises(ValidationError) as caught:
        entry.main()
    assert "BotFather" in entry._messages(caught.value)
    assert "sesame" not in entry._messages(caught.value)


async def test_the_client_speaks_to_telegram() -> None:
    """By default requests go to Telegram's own server, as HTML without previews."""
    bot = make_bot(TelegramSettings(token=SecretStr("42:TEST")))
    assert bot.session.api == PRODUCTION
    assert bot.default.parse_mode == "HTML"
    assert bot.default.allow_sending_without_reply
    assert bot.default.link_preview_is_disabled
    await bot.session.close()


@pytest.mark.parametrize("local", [True, False])
async def test_the_client_speaks_to_another_server(local: bool) -> None:  # noqa: FBT001
    """With an address, requests and files come from there."""
    settings = TelegramSettings(
        token=SecretStr("42:TEST"), api_url="http://localhost:8081/", api_local=local
    )
    api = make_bot(settings).session.api
    assert api.api_url("42:TEST", "getMe") == "http://localhost:8081/bot42:TEST/getMe"
    assert api.file_url("42:TEST", "a/b") == "http://localhost:8081/file/bot42:TEST/a/b"
    assert api.is_local is local


def test_life_is_shown_for_a_while(redis_settings: RedisSettings, valkey_url: str) -> None:
    """No sign of life, no health; a sign holds for half a minute."""
    assert not health.check(redis_settings)
    with Redis.from_url(valkey_url) as client:
        health.beat(client)
        assert 0 < int(client.ttl(health.ALIVE_KEY)) <= 30
    assert health.check(redis_settings)


def test_no_server_is_no_health() -> None:
    """Where Redis cannot be reached the answer is no, and it comes soon."""
    away = RedisSettings(url=SecretStr("redis://127.0.0.1:1/0"), connect_timeout_s=0.2)
    assert not health.check(away)


@pytest.mark.parametrize(("alive", "code"), [(True, 0), (False, 1)])
def test_the_exit_code_tells(
    monkeypatch: pytest.MonkeyPatch,
    alive: bool,  # noqa: FBT001
    code: int,
) -> None:
    """0 for alive, 1 for not, as a container's health check wants it."""
    monkeypatch.setattr(health, "check", lambda _: alive)
    with pytest.raises(SystemExit) as caught:
        health.main()
    assert caught.value.code == code
