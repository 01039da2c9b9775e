"""The status board: one message per job, followed to the reply and no further."""

import pytest
from aiogram import Bot
from aiogram.methods import EditMessageText, SendMessage

from shared.domain.job_state import JobState
from shared.errors import AudioError, ErrorCode
from shared.store.jobs import JobStore
from tests.services.bot.samples import GROUP, listening, received
from tests.services.bot.telegram import FakeTelegram
from tests.services.bot.updaters import locked, posted, ticks
from tests.services.bot.waiting import Clock, until


async def test_a_job_is_followed_in_one_message(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """One reply to the track, edited in place from the queue to the last step."""
    job_id = received(jobs, title="So What")
    async with posted(bot, jobs):
        await until(lambda: len(telegram.texts) == 1)
        jobs.advance(job_id, JobState.FETCHING)
        await until(lambda: len(telegram.texts) == 2)
        jobs.advance(job_id, JobState.CONVERTING)
        await until(lambda: len(telegram.texts) == 3)
        listening(jobs, job_id, done=0)
        await until(lambda: "0 of 80 pieces" in telegram.texts[-1])
        jobs.segment_progress.complete_segment(job_id, 0)
        jobs.segment_progress.complete_segment(job_id, 1)
        await until(lambda: "40 of 80 pieces" in telegram.texts[-1])
        jobs.advance(job_id, JobState.CLASSIFYING)
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
        [text] = telegram.texts
        assert text.splitlines()[0] == "In the queue: 3 tracks are before yours."
        jobs.advance(others[0], JobState.FETCHING)
        jobs.advance(others[1], JobState.FETCHING)
        await until(lambda: "1 track is before yours" in telegram.texts[-1])


async def test_a_nudge_brings_the_first_message_at_once(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """A new job need not wait for the next look at all jobs."""
    async with posted(bot, jobs, interval_s=60) as status_updater:
        await ticks()
        job_id = received(jobs)
        status_updater.nudge(job_id)
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
        jobs.advance(job_id, JobState.FETCHING)
        await until(lambda: len(telegram.requests) == 3)
    assert len(telegram.of(SendMessage)) == 1


@pytest.mark.parametrize("end", [JobState.REPLYING, JobState.DONE, JobState.FAILED, None])
async def test_the_reply_has_the_last_word(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore, end: JobState | None
) -> None:
    """Once a job is replying, over, or has failed (None), its message is not touched."""
    job_id = received(jobs)
    async with posted(bot, jobs):
        await until(lambda: telegram.texts)
        if end is None:
            jobs.fail(job_id, AudioError(ErrorCode.SILENT, "Nothing to hear."))
            await ticks()
            jobs.advance(job_id, JobState.FETCHING)
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
        jobs.advance(job_id, JobState.REPLYING)  # behind the board's back
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
        jobs.segment_progress.complete_segment(job_id, 1)
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
        jobs.advance(old, JobState.FETCHING)
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
