"""Webhooks: delivery, secret, order, and what happens when nobody listens."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramBadRequest, TelegramConflictError
from aiogram.types import Message, WebhookInfo
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

from devtools.emulator import Emulator, EmulatorClient
from devtools.emulator.state.webhook import SECRET_HEADER

CHAT = 7


@dataclass
class Listener:
    """A webhook that answers with the given statuses, then with 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    texts: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    secrets: list[str | None] = field(default_factory=list)

    async def extract(self, request: web.Request) -> web.Response:
        """Write an update down."""
        self.texts.put_nowait((await request.json())["message"]["text"])
        self.secrets.append(request.headers.get(SECRET_HEADER))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    async def heard(self, count: int) -> list[str]:
        """Wait for that many deliveries."""
        async with asyncio.timeout(5):
            return [await self.texts.get() for _ in range(count)]


async def info_with(bot: Bot, condition: Callable[[WebhookInfo], object]) -> WebhookInfo:
    """Ask for the webhook's state until it satisfies a condition."""
    async with asyncio.timeout(5):
        while not condition(info := await bot.get_webhook_info()):  # noqa: ASYNC110 - over HTTP
            await asyncio.sleep(0.01)
        return info


async def serve(app: web.Application) -> tuple[web.AppRunner, str]:
    """Serve an application on a free port."""
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}/hook"


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    """A webhook."""
    listener = Listener()
    app = web.Application()
    app.router.add_post("/hook", listener.extract)
    runner, listener.url = await serve(app)
    yield listener
    await runner.cleanup()


async def test_failed_delivery_is_repeated_in_order(
    bot: Bot, people: EmulatorClient, listener: Listener
) -> None:
    """An update is sent until it is taken; later ones wait behind it."""
    listener.statuses = [500, 403]
    await bot.set_webhook(listener.url, secret_token="s3-cret_")
    await people.send_text(CHAT, "a")
    await people.send_text(CHAT, "b")
    assert await listener.heard(4) == ["a", "a", "a", "b"]
    assert set(listener.secrets) == {"s3-cret_"}
    info = await bot.get_webhook_info()
    assert info.url == listener.url
    assert info.last_error_message == "Wrong response from the webhook: 403 Forbidden"
    await info_with(bot, lambda info: info.pending_update_count == 0)


async def test_polling_conflicts_with_webhook(
    bot: Bot, people: EmulatorClient, listener: Listener
) -> None:
    """SetWebhook ends a waiting poll and forbids others; deleteWebhook brings them back."""
    poll = asyncio.create_task(bot.get_updates(timeout=10))
    await asyncio.sleep(0.1)
    await bot.set_webhook(listener.url)
    with pytest.raises(TelegramConflictError, match="terminated by setWebhook"):
        await poll
    with pytest.raises(TelegramConflictError, match="while webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    await people.send_text(CHAT, "polled")
    assert len(await bot.get_updates()) == 1
    assert listener.texts.empty()
    assert (await bot.get_webhook_info()).url == ""


async def test_updates_wait_for_a_listener(bot: Bot, people: EmulatorClient) -> None:
    """Updates for an address where nobody listens stay queued, unless they are dropped."""
    await bot.set_webhook("http://127.0.0.1:9/hook", allowed_updates=["message"])
    await people.send_text(CHAT, "a")
    info = await info_with(bot, lambda info: info.last_error_message)
    assert (info.last_error_message or "").startswith("Connection failed")
    assert (info.pending_update_count, info.allowed_updates) == (1, ["message"])
    await bot.delete_webhook(drop_pending_updates=True)
    assert await bot.get_updates() == []


@pytest.mark.parametrize(
    ("url", "secret", "reason"),
    [
        ("ftp://x/", None, "invalid webhook URL"),
        ("https://x/", "not allowed!", "secret token contains unallowed characters"),
    ],
)
async def test_refused_webhooks(bot: Bot, url: str, secret: str | None, reason: str) -> None:
    """An address or a secret that Telegram would not take is refused."""
    with pytest.raises(TelegramBadRequest, match=reason):
        await bot.set_webhook(url, secret_token=secret)


async def test_aiogram_listens(bot: Bot, emulator: Emulator) -> None:
    """A dispatcher behind aiogram's own webhook handler answers, if the secret is right."""
    dispatcher = Dispatcher()

    @dispatcher.message()
    async def echo(message: Message) -> None:
        await message.answer(f"echo {message.text}")

    app = web.Application()
    SimpleRequestHandler(dispatcher, bot, secret_token="right").register(app, path="/hook")
    runner, url = await serve(app)
    try:
        await bot.set_webhook(url, secret_token="wrong")
        emulator.state.send_text(CHAT, "hi")
        await info_with(bot, lambda info: info.last_error_message)
        await bot.set_webhook(url, secret_token="right")
        await emulator.state.wait_for(CHAT, lambda message: message.text == "echo hi")
    finally:
        await runner.cleanup()
