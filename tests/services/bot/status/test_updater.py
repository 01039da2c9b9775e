"""The status updater: one message per job, until the reply."""

import pytest
from aiogram import Bot
from aiogram.methods import EditMessageText, SendMessage

from shared.domain.job_state import JobState
from shared.errors import AudioError, ErrorCode
from shared.store.jobs import JobStore
from tests.services.bot.samples import GROUP, featurizing, received
from tests.services.bot.telegram import FakeTelegram
from tests.services.bot.updaters import locked, ticks, updating
from tests.services.bot.waiting import Clock, until


async def test_each_job_has_one_message(bot: Bot, telegram: FakeTelegram, jobs: JobStore) -> None:
    """It replies to the track, and is edited from the queue to the last step."""
    job_id = received(jobs, title="So What")
    async with updating(bot, jobs):
        await until(lambda: len(telegram.texts) == 1)
        jobs.advance(job_id, JobState.FETCHING)
        await until(lambda: len(telegram.texts) == 2)
        jobs.advance(job_id, JobState.CONVERTING)
        await until(lambda: len(telegram.texts) == 3)
        featurizing(jobs, job_id, done=0)
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


async def test_the_position_in_the_queue_is_shown(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """It counts the jobs of all users, and falls."""
    others = [received(jobs, bot_id=1) for _ in range(3)]
    received(jobs)
    async with updating(bot, jobs):
        await until(lambda: telegram.texts)
        [text] = telegram.texts
        assert text.splitlines()[0] == "In the queue: 3 tracks are before yours."
        jobs.advance(others[0], JobState.FETCHING)
        jobs.advance(others[1], JobState.FETCHING)
        await until(lambda: "1 track is before yours" in telegram.texts[-1])


async def test_a_nudge_sends_the_first_message_at_once(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """A new job does not wait until all jobs are read."""
    async with updating(bot, jobs, interval_s=60) as status_updater:
        await ticks()
        job_id = received(jobs)
        status_updater.nudge(job_id)
        await until(lambda: telegram.texts, within_s=1)


async def test_an_unchanged_text_is_not_sent_again(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """While a job does not change, nothing is sent."""
    received(jobs)
    async with updating(bot, jobs):
        await until(lambda: telegram.texts)
        await ticks(10)
    assert len(telegram.requests) == 1


async def test_a_restarted_updater_edits_the_same_message(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """The error "message is not modified" counts as success."""
    job_id = received(jobs)
    async with updating(bot, jobs):
        await until(lambda: telegram.texts)
    telegram.fail(EditMessageText, 400, "Bad Request: message is not modified: specified new")
    async with updating(bot, jobs):
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
    """The message of a job that is replying, over, or has failed (None) is not edited."""
    job_id = received(jobs)
    async with updating(bot, jobs):
        await until(lambda: telegram.texts)
        if end is None:
            jobs.fail(job_id, AudioError(ErrorCode.SILENT, "Nothing to hear."))
            await ticks()
            jobs.advance(job_id, JobState.FETCHING)
        else:
            jobs.advance(job_id, end)
        await ticks(10)
    assert len(telegram.requests) == 1


async def test_a_verdict_in_the_meantime_is_not_overwritten(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """The job is read again under the lock."""
    job_id = received(jobs)
    views = jobs.views

    def stale(job_ids: list[str]) -> object:
        read = views(job_ids)
        jobs.advance(job_id, JobState.REPLYING)  # unnoticed by the updater
        return read

    jobs.views = stale  # type: ignore[method-assign, assignment]
    async with updating(bot, jobs):
        await ticks(10)
    assert telegram.requests == []
    assert not locked(jobs, job_id)


async def test_nothing_is_sent_while_the_lock_is_held(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """As by the reply task; the update comes later."""
    job_id = received(jobs)
    async with updating(bot, jobs):
        with jobs.status_lock(job_id, wait_s=0):
            telegram.requests.clear()
            await ticks(10)
            assert telegram.requests == []
        await until(lambda: telegram.requests)


async def test_a_chat_gets_one_edit_a_second(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """However fast a job goes on; the edit shows its latest state."""
    clock = Clock()
    job_id = received(jobs)
    async with updating(bot, jobs, clock=clock):
        await until(lambda: telegram.texts)
        featurizing(jobs, job_id, done=1)
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
    """If a chat may get one message now, it is the first message of a new job."""
    clock = Clock()
    old = received(jobs, GROUP)
    async with updating(bot, jobs, clock=clock):
        await until(lambda: telegram.texts)
        jobs.advance(old, JobState.FETCHING)
        received(jobs, GROUP)
        await ticks()
        clock.now += 5.0
        await until(lambda: len(telegram.requests) == 2)
        await ticks()
    assert len(telegram.of(SendMessage)) == 2
    assert len(telegram.of(EditMessageText)) == 0


async def test_jobs_of_other_bots_are_ignored(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """Two bots may share one Redis."""
    received(jobs, bot_id=43)
    async with updating(bot, jobs):
        await ticks(10)
    assert telegram.requests == []
