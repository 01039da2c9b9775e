"""The bot on a played Telegram and a real Valkey."""

from collections.abc import AsyncIterator

import pytest
from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from pydantic import SecretStr

from services.bot.app import App
from services.bot.config import Config
from shared.settings import JobSettings, LimitSettings, RedisSettings, TelegramSettings
from tests.services.bot.telegram import FakeTelegram

TOKEN = "42:TEST"


@pytest.fixture
def telegram() -> FakeTelegram:
    """The other end of the bot's requests."""
    return FakeTelegram()


@pytest.fixture
def bot(telegram: FakeTelegram) -> Bot:
    """A bot that talks to the played Telegram."""
    return Bot(TOKEN, session=telegram, default=DefaultBotProperties(parse_mode="HTML"))


@pytest.fixture
def config(redis_settings: RedisSettings, job_settings: JobSettings) -> Config:
    """Settings that do not depend on the environment."""
    return Config(
        telegram=TelegramSettings(token=SecretStr(TOKEN)),
        redis=redis_settings,
        limits=LimitSettings(max_duration=3600.0, max_file_size=20_000_000),
        jobs=job_settings,
    )


@pytest.fixture
async def app(config: Config, bot: Bot) -> AsyncIterator[App]:
    """The bot put together; its background tasks do not run."""
    made = App(config, bot)
    yield made
    await made.answers.drain(1)
    made.disconnect()
