"""How the bot is started, and where its requests go."""

import gc
import subprocess
import sys

import pytest
from aiogram.client.telegram import PRODUCTION
from pydantic import SecretStr, ValidationError

from services.bot import __main__
from services.bot.app import App
from services.bot.poller import PollingError
from shared import logs
from shared.settings import TelegramSettings
from shared.telegram.client import make_bot

HEAVY = "numpy librosa catboost scipy matplotlib av pydub bottleneck soxr services.worker"


def test_the_bot_imports_nothing_heavy() -> None:
    """Neither what decodes, computes or draws, nor the worker."""
    script = (
        "import sys, services.bot.__main__\n"
        f"print([name for name in {HEAVY.split()} if name in sys.modules])"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter on our own script
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_missing_settings_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a token the bot does not start, and says which variable is missing."""
    monkeypatch.delenv("BOT_TOKEN", raising=False)
    monkeypatch.setattr(logs, "configure", lambda: None)
    with pytest.raises(ValidationError) as caught:
        __main__.main()
    assert __main__._messages(caught.value) == "BOT_TOKEN: Field required"


def test_a_malformed_token_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The value of BOT_TOKEN is never printed, however wrong it is."""
    monkeypatch.setenv("BOT_TOKEN", "sesame")
    monkeypatch.setattr(logs, "configure", lambda: None)
    with pytest.raises(ValidationError) as caught:
        __main__.main()
    assert "BotFather" in __main__._messages(caught.value)
    assert "sesame" not in __main__._messages(caught.value)


def test_polling_that_cannot_go_on_ends_with_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exit code tells that something is wrong."""

    async def fail(_: App) -> None:
        raise PollingError("Stop the other program.")

    monkeypatch.setenv("BOT_TOKEN", "42:TEST")
    monkeypatch.setattr(logs, "configure", lambda: None)
    monkeypatch.setattr(App, "run", fail)
    monkeypatch.setattr(gc, "freeze", lambda: None)
    with pytest.raises(SystemExit) as caught:
        __main__.main()
    assert caught.value.code == "Stop the other program.", "printed, with exit code 1"


async def test_requests_go_to_telegram() -> None:
    """To Telegram's own server by default, as HTML without link previews."""
    bot = make_bot(TelegramSettings(token=SecretStr("42:TEST")))
    assert bot.session.api == PRODUCTION
    assert bot.default.parse_mode == "HTML"
    assert bot.default.allow_sending_without_reply
    assert bot.default.link_preview_is_disabled
    await bot.session.close()


@pytest.mark.parametrize("local", [True, False])
async def test_requests_go_to_another_server(local: bool) -> None:  # noqa: FBT001
    """If its address is set; files come from there as well."""
    settings = TelegramSettings(
        token=SecretStr("42:TEST"), api_url="http://localhost:8081/", api_local=local
    )
    api = make_bot(settings).session.api
    assert api.api_url("42:TEST", "getMe") == "http://localhost:8081/bot42:TEST/getMe"
    assert api.file_url("42:TEST", "a/b") == "http://localhost:8081/file/bot42:TEST/a/b"
    assert api.is_local is local
