"""The bot with a fake Telegram and a real Valkey."""

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
    """What the bot's requests go to."""
    return FakeTelegram()


@pytest.fixture
def bot(telegram: FakeTelegram) -> Bot:
    """A bot whose requests go to the fake Telegram."""
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
    """The bot, composed; its background tasks do not run."""
    created = App(config, bot)
    yield created
    await created.outbox.drain(1)
    created.disconnect()
