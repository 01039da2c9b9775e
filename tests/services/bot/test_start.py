"""How the bot is started, reached and asked after."""

import subprocess
import sys

import pytest
from aiogram.client.telegram import PRODUCTION
from pydantic import SecretStr, ValidationError
from redis import Redis

from services.bot import __main__
from services.bot.heartbeat import beat
from shared import logs
from shared.settings import RedisSettings, TelegramSettings
from shared.store.keys import BOT_HEARTBEAT
from shared.telegram.client import make_bot

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
        __main__.main()
    assert __main__._messages(caught.value) == "BOT_TOKEN: Field required"


def test_a_malformed_token_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in BOT_TOKEN never shows, however wrong it is."""
    monkeypatch.setenv("BOT_TOKEN", "sesame")
    monkeypatch.setattr(logs, "configure", lambda: None)
    with pytest.raises(ValidationError) as caught:
        __main__.main()
    assert "BotFather" in __main__._messages(caught.value)
    assert "sesame" not in __main__._messages(caught.value)


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


def test_life_is_shown_for_a_while(redis_settings: RedisSettings, valkey_url: str) -> None:  # noqa: ARG001 - an empty server
    """A sign holds for half a minute; genrebot health is tested on the same sign."""
    with Redis.from_url(valkey_url) as client:
        assert not client.exists(BOT_HEARTBEAT)
        beat(client)
        assert 0 < int(client.ttl(BOT_HEARTBEAT)) <= 30
