"""The outbox: pauses are kept, attempts are limited, and shutdown waits for it."""

import asyncio
import time

import pytest
from aiogram import Bot
from aiogram.methods import SendMessage

from services.bot.outbox import MAX_ATTEMPTS, Outbox
from tests.services.bot.telegram import FakeTelegram

HELLO = SendMessage(chat_id=7, text="hello")


@pytest.fixture
def outbox() -> Outbox:
    """An outbox that waits only briefly between attempts."""
    return Outbox(first_delay_s=0.001)


async def test_a_pause_that_telegram_asks_for_is_kept(
    outbox: Outbox, bot: Bot, telegram: FakeTelegram
) -> None:
    """The message is sent again after ``retry_after`` seconds, and not before."""
    telegram.fail(SendMessage, 429, "Too Many Requests: retry after 1", retry_after=1)
    outbox.post(bot, HELLO)
    await outbox.drain(5)
    first, second = telegram.times
    assert second - first >= 1.0


async def test_a_failed_request_is_repeated(
    outbox: Outbox, bot: Bot, telegram: FakeTelegram
) -> None:
    """After an error of the network, and after one of Telegram's server."""
    telegram.cut(SendMessage)
    telegram.fail(SendMessage, 502, "Bad Gateway")
    outbox.post(bot, HELLO)
    await outbox.drain(5)
    assert len(telegram.requests) == 3


async def test_attempts_are_limited(
    outbox: Outbox, bot: Bot, telegram: FakeTelegram, caplog: pytest.LogCaptureFixture
) -> None:
    """After the last attempt an error is logged."""
    telegram.cut(SendMessage, times=MAX_ATTEMPTS + 3)
    outbox.post(bot, HELLO)
    await outbox.drain(5)
    assert len(telegram.requests) == MAX_ATTEMPTS
    assert "was not sent" in caplog.text


@pytest.mark.parametrize("code", [400, 403])
async def test_a_refusal_is_final(
    outbox: Outbox,
    bot: Bot,
    telegram: FakeTelegram,
    caplog: pytest.LogCaptureFixture,
    code: int,
) -> None:
    """A bot that was blocked does not try again."""
    telegram.fail(SendMessage, code, "bot was blocked by the user")
    outbox.post(bot, HELLO)
    await outbox.drain(5)
    assert len(telegram.requests) == 1
    assert "Telegram refused sendMessage" in caplog.text


async def test_a_pause_of_hours_is_not_waited_for(
    outbox: Outbox, bot: Bot, telegram: FakeTelegram
) -> None:
    """A reply that would come hours later is dropped at once."""
    telegram.fail(SendMessage, 429, "Too Many Requests", retry_after=7200)
    outbox.post(bot, HELLO)
    await asyncio.wait_for(outbox.drain(5), 1)
    assert len(telegram.requests) == 1


async def test_shutdown_waits_for_a_limited_time(
    outbox: Outbox, bot: Bot, telegram: FakeTelegram, caplog: pytest.LogCaptureFixture
) -> None:
    """Fast requests finish, slow ones are cancelled."""
    telegram.delay_s = {7: 0.02, 8: 60.0}
    outbox.post(bot, HELLO)
    outbox.post(bot, SendMessage(chat_id=8, text="late"))
    started = time.monotonic()
    await outbox.drain(0.2)
    assert time.monotonic() - started < 2
    assert "Replies not sent before the end: 1" in caplog.text
    await outbox.drain(5)  # returns at once: nothing is left
