"""The status board: one message per job, followed to the reply and no further."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count

import pytest
from aiogram import Bot
from aiogram.methods import EditMessageText, SendMessage
from redis.exceptions import ConnectionError as RedisConnectionError

from services.bot.board import Board
from services.bot.pace import Pace
from shared.connection import key
from shared.errors import AudioError, ErrorCode
from shared.jobs import ACTIVE, WAITING, JobStore
from shared.stages import Stage
from tests.bot.samples import GROUP, listening, received
from tests.bot.telegram import FakeTelegram
from tests.bot.waiting import Clock, until

TICK_S = 0.02


@asynccontextmanager
async def posted(
    bot: Bot,
    jobs: JobStore,
    *,
    interval_s: float = TICK_S,
    clock: Callable[[], float] | None = None,
) -> AsyncIterator[Board]:
    """A board at work; by default time flies, so that no throttle shows."""
    pace = Pace(clock or count(0, 100).__next__)
    board = Board(bot, jobs, pace=pace, interval_s=interval_s)
    task = asyncio.create_task(board.run())
    try:
        yield board
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await board.finish(2)


async def ticks(number: int = 5) -> None:
    """Let some looks at the jobs go by."""
    await asyncio.sleep(number * TICK_S)


def locked(jobs: JobStore, job_id: str) -> bool:
    """Whether anybody holds a job's status lock."""
    return bool(jobs.redis.exists(key("job", job_id, "status")))


async def test_a_job_is_followed_in_one_message(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """One reply to the track, edited in place from the queue to the last step."""
    job_id = received(jobs, title="So What")
    async with posted(bot, jobs):
        await until(lambda: len(telegram.texts) == 1)
        jobs.advance(job_id, Stage.FETCHING)
        await until(lambda: len(telegram.texts) == 2)
        jobs.advance(job_id, Stage.CONVERTING)
        await until(lambda: len(telegram.texts) == 3)
        listening(jobs, job_id, done=0)
        await until(lambda: "0 of 80 pieces" in telegram.texts[-1])
        jobs.segment_done(job_id, 0)
        jobs.segment_done(job_id, 1)
        await until(lambda: "40 of 80 pieces" in telegram.texts[-1])
        jobs.advance(job_id, Stage.CLASSIFYING)
        await until(lambda: "Step 4 of 5" in telegram.texts[-1])
    [sent] = telegram.of(SendMessage)
    view = jobs.view(job_id)
    assert view is not None
    assert view.status_message_id == 101
    assert sent.reply_parameters is not None
    assert sent.reply_parameters.message_id == view.track.message_id
    assert {edit.message_id for edit in telegram.of(EditMessageText)} == {101}
    assert "yours is next" in telegram.texts[0]
    assert "Step 1 of 5" in telegram.texts[1]
    assert not locked(jobs, job_id)


async def test_the_place_in_the_queue_is_told(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """Those before a job are counted, whoever sent them, and the count goes down."""
    others = [received(jobs, bot_id=1) for _ in range(3)]
    received(jobs)
    async with posted(bot, jobs):
        await until(lambda: telegram.texts)
        assert telegram.texts == ["In the queue: 3 tracks are before yours."]
        jobs.advance(others[0], Stage.FETCHING)
        jobs.advance(others[1], Stage.FETCHING)
        await until(lambda: "1 track is before yours" in telegram.texts[-1])


async def test_a_nudge_brings_the_first_message_at_once(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """A new job need not wait for the next look at all jobs."""
    async with posted(bot, jobs, interval_s=60) as board:
        await ticks()
        job_id = received(jobs)
        board.nudge(job_id)
        await until(lambda: telegram.texts, within_s=1)


async def test_nothing_new_is_nothing_sent(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """A job that stands still is left alone."""
    received(jobs)
    async with posted(bot, jobs):
        await until(lambda: telegram.texts)
        await ticks(10)
    assert len(telegram.requests) == 1


async def test_a_restarted_board_goes_on_with_the_same_message(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """After a restart the old message is edited; "not modified" is as good as done."""
    job_id = received(jobs)
    async with posted(bot, jobs):
        await until(lambda: telegram.texts)
    telegram.fail(EditMessageText, 400, "Bad Request: message is not modified: specified new")
    async with posted(bot, jobs):
        await until(lambda: len(telegram.requests) == 2)
        await ticks(10)
        assert len(telegram.requests) == 2
        jobs.advance(job_id, Stage.FETCHING)
        await until(lambda: len(telegram.requests) == 3)
    assert len(telegram.of(SendMessage)) == 1


@pytest.mark.parametrize("end", [Stage.REPLYING, Stage.DONE, Stage.FAILED, None])
async def test_the_reply_has_the_last_word(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore, end: Stage | None
) -> None:
    """Once a job is replying, over, or has failed (None), its message is not touched."""
    job_id = received(jobs)
    async with posted(bot, jobs):
        await until(lambda: telegram.texts)
        if end is None:
            jobs.fail(job_id, AudioError(ErrorCode.SILENT, "Nothing to hear."))
            await ticks()
            jobs.advance(job_id, Stage.FETCHING)
        else:
            jobs.advance(job_id, end)
        await ticks(10)
    assert len(telegram.requests) == 1


async def test_a_verdict_that_comes_in_between_stands(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """The job is looked at again under the lock: what the first look saw is not written."""
    job_id = received(jobs)
    views = jobs.views

    def stale(job_ids: list[str]) -> object:
        seen = views(job_ids)
        jobs.advance(job_id, Stage.REPLYING)  # behind the board's back
        return seen

    jobs.views = stale  # type: ignore[method-assign, assignment]
    async with posted(bot, jobs):
        await ticks(10)
    assert telegram.requests == []
    assert not locked(jobs, job_id)


async def test_whoever_holds_the_lock_is_not_crossed(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """While the reply step holds the lock nothing is written, and nothing breaks."""
    job_id = received(jobs)
    async with posted(bot, jobs):
        with jobs.status_lock(job_id, wait_s=0):
            telegram.requests.clear()
            await ticks(10)
            assert telegram.requests == []
        await until(lambda: telegram.requests)


async def test_a_chat_that_asks_for_a_pause_gets_it(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """retry_after silences that chat for so long, and no other."""
    clock = Clock()
    telegram.fail(SendMessage, 429, "Too Many Requests: retry after 30", retry_after=30)
    received(jobs, 7)
    async with posted(bot, jobs, clock=clock):
        await until(lambda: telegram.requests)
        clock.now += 29.0
        received(jobs, 8)
        await until(lambda: len(telegram.requests) == 2)
        await ticks()
        assert [m.chat_id for m in telegram.of(SendMessage)] == [7, 8]
        clock.now += 2.0
        await until(lambda: len(telegram.requests) == 3)
    assert telegram.of(SendMessage)[2].chat_id == 7


@pytest.mark.parametrize(
    ("code", "description"),
    [
        (403, "Forbidden: bot was blocked by the user"),
        (400, "Bad Request: message to edit not found"),
        (400, "Bad Request: message can't be edited"),
    ],
)
async def test_a_message_that_cannot_be_written_is_given_up(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore, code: int, description: str
) -> None:
    """A blocked bot or a deleted message ends the edits of this job, not of others."""
    job_id = received(jobs)
    async with posted(bot, jobs):
        await until(lambda: telegram.texts)
        telegram.fail(EditMessageText, code, description)
        jobs.advance(job_id, Stage.FETCHING)
        await until(lambda: len(telegram.requests) == 2)
        jobs.advance(job_id, Stage.CONVERTING)
        await ticks(10)
        assert len(telegram.requests) == 2
        received(jobs)
        await until(lambda: len(telegram.requests) == 3)


async def test_a_failing_network_is_tried_again(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """After a lost request the status comes later."""
    telegram.cut(SendMessage)
    telegram.fail(SendMessage, 500, "Internal Server Error")
    received(jobs)
    async with posted(bot, jobs):
        await until(lambda: len(telegram.requests) == 3)
        await ticks(10)
    assert len(telegram.requests) == 3


async def test_a_slow_chat_delays_no_other(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """One request that hangs holds up neither another chat nor the looks at the jobs."""
    telegram.delay_s[7] = 1.5
    received(jobs, 7)
    other = received(jobs, 8)
    async with posted(bot, jobs):
        await until(lambda: len(telegram.requests) == 2, within_s=1)
        jobs.advance(other, Stage.FETCHING)
        await until(lambda: telegram.of(EditMessageText), within_s=1)
    assert [m.chat_id for m in telegram.of(SendMessage)].count(7) == 1


async def test_a_chat_gets_one_edit_a_second(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """However fast a job moves, its message is edited once a second, with the newest state."""
    clock = Clock()
    job_id = received(jobs)
    async with posted(bot, jobs, clock=clock):
        await until(lambda: telegram.texts)
        listening(jobs, job_id, done=1)
        await ticks()
        jobs.segment_done(job_id, 1)
        await ticks()
        assert len(telegram.texts) == 1
        clock.now += 1.0
        await until(lambda: len(telegram.texts) == 2)
        await ticks()
    assert len(telegram.texts) == 2
    assert "40 of 80 pieces" in telegram.texts[-1]


async def test_first_messages_go_before_edits(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """Where a chat may get one message now, a new job's first message is the one."""
    clock = Clock()
    old = received(jobs, GROUP)
    async with posted(bot, jobs, clock=clock):
        await until(lambda: telegram.texts)
        jobs.advance(old, Stage.FETCHING)
        received(jobs, GROUP)
        await ticks()
        clock.now += 5.0
        await until(lambda: len(telegram.requests) == 2)
        await ticks()
    assert len(telegram.of(SendMessage)) == 2
    assert len(telegram.of(EditMessageText)) == 0


async def test_jobs_of_other_bots_are_not_ours(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """Two bots may share one server."""
    received(jobs, bot_id=43)
    async with posted(bot, jobs):
        await ticks(10)
    assert telegram.requests == []


async def test_expired_jobs_leave_the_lists(bot: Bot, jobs: JobStore) -> None:
    """A job whose state is gone stands in nobody's way in the queue."""
    job_id = received(jobs)
    jobs.redis.delete(key("job", job_id))
    async with posted(bot, jobs):
        await until(lambda: jobs.redis.zcard(ACTIVE) == 0 == jobs.redis.zcard(WAITING))


async def test_an_unreadable_job_hides_no_other(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """A state from another release is passed over."""
    broken = received(jobs)
    jobs.redis.hset(key("job", broken), "track", '{"schema_version": 99}')
    received(jobs)
    async with posted(bot, jobs):
        await until(lambda: telegram.texts)


async def test_redis_may_go_and_come_back(
    bot: Bot,
    telegram: FakeTelegram,
    jobs: JobStore,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """While Redis is away the board says so once, and goes on afterwards."""
    looks = 0

    def away() -> list[str]:
        nonlocal looks
        looks += 1
        raise RedisConnectionError("refused")

    received(jobs)
    monkeypatch.setattr(jobs, "active", away)
    async with posted(bot, jobs):
        await until(lambda: looks > 4)
        monkeypatch.undo()
        await until(lambda: telegram.texts)
    assert caplog.text.count("cannot read job states") == 1


async def test_a_message_that_could_not_be_noted_is_not_sent_twice(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis fails between sending and noting the message's id: it is noted later."""
    failures = [RedisConnectionError("refused")]
    record = jobs.record

    def sometimes(job_id: str, field: str, value: str) -> bool:
        if failures:
            raise failures.pop()
        return record(job_id, field, value)

    monkeypatch.setattr(jobs, "record", sometimes)
    job_id = received(jobs)
    async with posted(bot, jobs):
        await until(lambda: jobs.fact(job_id, "status_message_id") == "101")
    assert len(telegram.of(SendMessage)) == 1


async def test_the_end_lets_updates_finish_and_leaves_no_lock(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """At shutdown a quick update ends by itself and a stuck one is cut off; locks are free."""
    telegram.delay_s = {7: 0.1, 8: 60.0}
    quick, stuck = received(jobs, 7), received(jobs, 8)
    started = time.monotonic()
    board = Board(bot, jobs, interval_s=TICK_S)
    task = asyncio.create_task(board.run())
    await until(lambda: len(telegram.requests) == 2)
    task.cancel()
    await board.finish(0.3)
    assert time.monotonic() - started < 3
    assert jobs.fact(quick, "status_message_id") is not None
    assert not locked(jobs, quick)
    assert not locked(jobs, stuck)
