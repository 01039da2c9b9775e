"""A running emulator, a bot that talks to it, and the people in its chats."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from devtools.emulator import Emulator, EmulatorClient, EmulatorConfig, running_emulator

CONFIG = EmulatorConfig(
    download_limit=100_000,
    upload_limit=400_000,
    photo_limit=200_000,
    webhook_backoff_s=0.02,
    webhook_backoff_max_s=0.05,
    webhook_timeout_s=1.0,
)


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    """An emulator with limits small enough to reach."""
    async with running_emulator(config=CONFIG) as running:
        yield running


@pytest.fixture
async def bot(emulator: Emulator) -> AsyncIterator[Bot]:
    """A real aiogram bot."""
    session = AiohttpSession(api=TelegramAPIServer.from_base(emulator.base_url))
    yield Bot(emulator.token, session=session)
    # AiohttpSession.close() sleeps a quarter of a second for TLS, which is not spoken here.
    if session._session:
        await session._session.close()


@pytest.fixture
async def people(emulator: Emulator) -> AsyncIterator[EmulatorClient]:
    """The client of the control routes."""
    async with emulator.client() as client:
        yield client


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A bare HTTP client, for requests that aiogram would never send."""
    async with aiohttp.ClientSession() as session:
        yield session
