"""Outbox in the background: pauses kept, failures bounded, the end awaited."""

import asyncio
import time

import pytest
from aiogram import Bot
from aiogram.methods import SendMessage

from services.bot.outbox import ATTEMPTS, Outbox
from tests.services.bot.telegram import FakeTelegram

HELLO = SendMessage(chat_id=7, text="hello")


@pytest.fixture
def answers() -> Outbox:
    """Outbox that do not wait long between tries."""
    return Outbox(first_delay_s=0.001)


async def test_a_pause_that_telegram_asks_for_is_kept(
    answers: Outbox, bot: Bot, telegram: FakeTelegram
) -> None:
    """After retry_after seconds, and not before, the answer is sent again."""
    telegram.fail(SendMessage, 429, "Too Many Requests: retry after 1", retry_after=1)
    answers.post(bot, HELLO)
    await answers.drain(5)
    first, second = telegram.times
    assert second - first >= 1.0


async def test_the_network_gets_a_few_chances(
    answers: Outbox, bot: Bot, telegram: FakeTelegram
) -> None:
    """An answer survives a lost request and a broken server."""
    telegram.cut(SendMessage)
    telegram.fail(SendMessage, 502, "Bad Gateway")
    answers.post(bot, HELLO)
    await answers.drain(5)
    assert len(telegram.requests) == 3


async def test_tries_are_bounded(
    answers: Outbox, bot: Bot, telegram: FakeTelegram, caplog: pytest.LogCaptureFixture
) -> None:
    """An answer that never gets through is given up and logged."""
    telegram.cut(SendMessage, times=ATTEMPTS + 3)
    answers.post(bot, HELLO)
    await answers.drain(5)
    assert len(telegram.requests) == ATTEMPTS
    assert "given up" in caplog.text


@pytest.mark.parametrize("code", [400, 403])
async def test_a_refusal_is_final(
    answers: Outbox,
    bot: Bot,
    telegram: FakeTelegram,
    caplog: pytest.LogCaptureFixture,
    code: int,
) -> None:
    """A blocked bot does not insist."""
    telegram.fail(SendMessage, code, "bot was blocked by the user")
    answers.post(bot, HELLO)
    await answers.drain(5)
    assert len(telegram.requests) == 1
    assert "was refused" in caplog.text


async def test_an_endless_pause_is_not_waited_for(
    answers: Outbox, bot: Bot, telegram: FakeTelegram
) -> None:
    """A pause of hours makes an answer pointless; it is dropped at once."""
    telegram.fail(SendMessage, 429, "Too Many Requests", retry_after=7200)
    answers.post(bot, HELLO)
    await asyncio.wait_for(answers.drain(5), 1)
    assert len(telegram.requests) == 1


async def test_the_end_is_bounded(
    answers: Outbox, bot: Bot, telegram: FakeTelegram, caplog: pytest.LogCaptureFixture
) -> None:
    """At shutdown quick answers go out and slow ones are cut off in time."""
    telegram.delay_s = {7: 0.02, 8: 60.0}
    answers.post(bot, HELLO)
    answers.post(bot, SendMessage(chat_id=8, text="late"))
    started = time.monotonic()
    await answers.drain(0.2)
    assert time.monotonic() - started < 2
    assert "Outbox not sent before the end: 1" in caplog.text
    await answers.drain(5)  # nothing is left to wait for
