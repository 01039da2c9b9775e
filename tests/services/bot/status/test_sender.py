"""Sending one status message under its lock."""

import asyncio
import time
from contextlib import AbstractContextManager

import pytest
from aiogram import Bot

from services.bot.status.sender import SendOutcome, StatusSender
from shared.store.jobs import JobStore
from shared.store.keys import status_lock_key
from tests.services.bot.samples import received
from tests.services.bot.telegram import FakeTelegram
from tests.services.bot.waiting import until


async def test_a_lock_acquired_after_cancellation_is_released(
    bot: Bot, jobs: JobStore, telegram: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A delivery that is cancelled while a thread waits for the lock leaves no lock behind."""
    job_id = received(jobs)
    status_lock = jobs.status_lock

    class Slow(AbstractContextManager[object]):
        def __init__(self, job_id: str, *, wait_s: float) -> None:
            self.lock = status_lock(job_id, wait_s=wait_s)

        def __enter__(self) -> object:
            time.sleep(0.2)
            return self.lock.__enter__()

        def __exit__(self, *error: object) -> None:
            self.lock.__exit__(None, None, None)

    monkeypatch.setattr(jobs, "status_lock", Slow)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(StatusSender(bot, jobs).deliver(job_id), 0.05)
    assert not jobs.redis.exists(status_lock_key(job_id))
    assert telegram.requests == []


async def test_the_lock_is_held_while_the_message_is_sent(
    bot: Bot, jobs: JobStore, telegram: FakeTelegram
) -> None:
    """From before the request until the message's id is stored."""
    telegram.delay_s[7] = 0.2
    job_id = received(jobs)
    delivery = asyncio.create_task(StatusSender(bot, jobs).deliver(job_id))
    await until(lambda: telegram.requests)
    second = await StatusSender(bot, jobs).deliver(job_id)
    assert second.outcome is SendOutcome.SKIPPED
    assert (await delivery).outcome is SendOutcome.SHOWN
    assert len(telegram.requests) == 1


async def test_a_message_with_an_unreadable_response_is_not_sent_again(
    bot: Bot, jobs: JobStore, telegram: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may well have arrived, and repeating it would fill the chat."""
    monkeypatch.setattr(telegram, "_result", lambda _: {"unheard": "of"})
    result = await StatusSender(bot, jobs).deliver(received(jobs))
    assert result.outcome is SendOutcome.REFUSED
