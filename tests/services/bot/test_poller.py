"""Polling: updates that do not decode, conflicts, and errors that pass."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiogram import Bot, Dispatcher
from aiogram.exceptions import ClientDecodeError
from aiogram.methods import GetUpdates, TelegramMethod
from aiogram.types import Message

from services.bot.poller import Poller, PollingError, PollingState
from tests.services.bot.samples import OLD_FORWARD, update
from tests.services.bot.telegram import FakeTelegram
from tests.services.bot.waiting import Clock, until


class Polling:
    """A poller, and the texts that it handed on."""

    def __init__(self, bot: Bot, clock: Clock) -> None:
        self.handled: list[str] = []
        self.clock = clock
        dispatcher = Dispatcher(disable_fsm=True)
        dispatcher.message.register(self._handle)
        self.state = PollingState(clock=clock)
        self.poller = Poller(bot, dispatcher, self.state, clock=clock, first_delay_s=0.001)

    async def _handle(self, message: Message) -> None:
        self.handled.append(message.text or "")


@pytest.fixture
def polling(bot: Bot) -> Polling:
    """A poller whose clock the test moves."""
    return Polling(bot, Clock())


@asynccontextmanager
async def started(polling: Polling) -> AsyncIterator[asyncio.Task[None]]:
    """Poll until the end of the block."""
    task = asyncio.create_task(polling.poller.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_an_update_that_does_not_decode_is_skipped(
    polling: Polling, telegram: FakeTelegram, caplog: pytest.LogCaptureFixture
) -> None:
    """The others of its batch are handled, the offset moves on, and the log says what it was."""
    before = update(text="before").model_dump(mode="json", exclude_none=True)
    after = update(text="after").model_dump(mode="json", exclude_none=True)
    telegram.pending = [before | {"update_id": 1}, OLD_FORWARD, after | {"update_id": 500_001}]
    async with started(polling):
        await until(lambda: telegram.pending == [])
    assert polling.handled == ["before", "after"]
    assert polling.state.skipped == 1
    assert telegram.of(GetUpdates)[-1].offset == 500_002
    assert "500000" in caplog.text
    assert "message.forward_origin.hidden_user.sender_user_name" in caplog.text


async def test_the_log_of_a_skipped_update_names_nobody(
    polling: Polling, telegram: FakeTelegram, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither names nor texts are logged, of this update or of others in its batch."""
    caplog.set_level("DEBUG")
    telegram.pending = [update(text="a private word"), OLD_FORWARD]
    async with started(polling):
        await until(lambda: telegram.pending == [])
    for secret in ("Zaphod", "secret", "private word", "Ada", "1422450181"):
        assert secret not in caplog.text


async def test_many_updates_in_a_row_do_not_decode(
    polling: Polling, telegram: FakeTelegram
) -> None:
    """A whole batch may be skipped."""
    telegram.pending = [OLD_FORWARD | {"update_id": number} for number in range(10, 20)]
    async with started(polling):
        await until(lambda: telegram.pending == [])
    assert polling.handled == []
    assert polling.state.skipped == 10


async def test_an_update_of_an_unknown_type_is_skipped(
    polling: Polling, telegram: FakeTelegram, caplog: pytest.LogCaptureFixture
) -> None:
    """As from a later release of the Bot API."""
    telegram.pending = [
        {"update_id": 3, "telepathy": {"thought": "hush"}},
        update(text="after", update_id=4),
    ]
    async with started(polling):
        await until(lambda: polling.handled)
    assert polling.state.skipped == 1
    assert "hush" not in caplog.text


async def test_a_page_in_place_of_a_response_is_waited_out(
    polling: Polling,
    telegram: FakeTelegram,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Such as the HTML page of a gateway; its content is not logged."""
    pages = ["<html>Bad gateway</html>"] * 3
    respond = telegram._respond

    def sometimes(bot: Bot, method: TelegramMethod[Any], code: int, content: Any) -> Any:
        if pages and isinstance(method, GetUpdates):
            return telegram.check_response(bot, method, 502, pages.pop())
        return respond(bot, method, code, content)

    monkeypatch.setattr(telegram, "_respond", sometimes)
    telegram.pending = [update(text="after")]
    async with started(polling):
        await until(lambda: polling.handled)
    assert pages == []
    assert polling.state.skipped == 0
    assert "html" not in caplog.text


async def test_a_conflict_of_a_minute_ends_polling(
    polling: Polling, telegram: FakeTelegram
) -> None:
    """With a sentence that says what to do."""
    telegram.fail(GetUpdates, 409, "Conflict: terminated by other getUpdates request", times=1000)
    async with started(polling) as task:
        await until(lambda: len(telegram.requests) > 3)
        polling.clock.now += 59
        await asyncio.sleep(0.05)
        assert not task.done()
        polling.clock.now += 2
        with pytest.raises(PollingError, match="Stop the other program"):
            await asyncio.wait_for(task, 5)


async def test_a_short_conflict_is_waited_out(polling: Polling, telegram: FakeTelegram) -> None:
    """As while one bot takes over from another; the minute starts anew each time."""
    for _ in range(3):
        telegram.fail(GetUpdates, 409, "Conflict", times=3)
        number = len(polling.handled)
        telegram.pending = [update(text="after")]
        async with started(polling):
            await until(lambda number=number: len(polling.handled) > number)  # type: ignore[misc]
        polling.clock.now += 50
    assert len(polling.handled) == 3


async def test_a_revoked_token_ends_polling(polling: Polling, telegram: FakeTelegram) -> None:
    """After a minute, in case it is Telegram's mistake."""
    telegram.fail(GetUpdates, 401, "Unauthorized", times=1000)
    async with started(polling) as task:
        await until(lambda: len(telegram.requests) > 3)
        assert not task.done()
        polling.clock.now += 61
        with pytest.raises(PollingError, match="BotFather"):
            await asyncio.wait_for(task, 5)


async def test_the_state_tells_when_polling_last_worked(
    polling: Polling, telegram: FakeTelegram
) -> None:
    """An empty list of updates counts; a failure does not."""
    assert not polling.state.last_success
    async with started(polling):
        await until(lambda: polling.state.last_success)
        assert polling.state.last_success == polling.clock.now
        telegram.cut(GetUpdates, times=1000)
        await until(lambda: "timeout" in (polling.state.problem or ""))
        last = polling.state.last_success
        polling.clock.now += 10
        await asyncio.sleep(0.05)
        assert polling.state.last_success == last
        telegram._failures[GetUpdates].clear()
        await until(lambda: polling.state.problem is None)


async def test_what_was_handled_is_confirmed_at_the_end(
    polling: Polling, bot: Bot, telegram: FakeTelegram
) -> None:
    """So that a restarted bot does not reply again; what was not handled stays."""
    stuck = asyncio.Event()

    async def handle(message: Message) -> None:
        polling.handled.append(message.text or "")
        if message.text == "second":
            await stuck.wait()

    dispatcher = Dispatcher(disable_fsm=True)
    dispatcher.message.register(handle)
    poller = Poller(bot, dispatcher, polling.state, clock=polling.clock)
    telegram.pending = [update(text="first"), update(text="second")]
    task = asyncio.create_task(poller.run())
    await until(lambda: len(polling.handled) == 2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    [left] = telegram.pending
    assert isinstance(left, dict)
    assert left["message"]["text"] == "second"


def test_this_update_still_needs_care(bot: Bot, telegram: FakeTelegram) -> None:
    """Once aiogram decodes it, the tests above need another one."""
    content = json.dumps({"ok": True, "result": [OLD_FORWARD]})
    with pytest.raises(ClientDecodeError):
        telegram.check_response(bot, GetUpdates(), 200, content)
