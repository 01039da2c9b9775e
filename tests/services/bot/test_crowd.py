"""More than can be taken on: people are told how long it would take, and may try again."""

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from aiogram import Bot
from aiogram.methods import AnswerCallbackQuery, EditMessageText, SendMessage
from aiogram.types import InlineKeyboardMarkup, Update

from services.bot import texts
from services.bot.app import App
from services.bot.config import Config
from services.bot.estimation.eta import QueueEstimate
from services.bot.handlers.tracks import AGAIN
from services.bot.status.view import render
from services.bot.texts import duration
from shared.domain.job_state import JobState
from shared.queue.celery_config import QueueName
from shared.settings import JobSettings
from shared.store.jobs import JobStore
from shared.store.throughput import SPEED, WorkerRegistration
from tests.services.bot.handlers.test_handlers import answer, feed
from tests.services.bot.samples import AUDIO, BOT_ID, GROUP, PERSON, listening, received, update
from tests.services.bot.status.test_view import seen
from tests.services.bot.telegram import ME, FakeTelegram
from tests.services.bot.updaters import posted
from tests.services.bot.waiting import until

OURS = 900
"""Number of the message that turned a track away."""
_presses = count(5_000_000)


@pytest.fixture
def job_settings() -> JobSettings:
    """Three minutes of audio are enough."""
    return JobSettings(max_backlog_s=180)


@pytest.fixture
def busy(app: App) -> str:
    """A job that takes up all there is room for, and more, of a slow worker."""
    app.jobs.redis.hset(SPEED, mapping={"audio": 1e6, "listening": 0.3e6})
    WorkerRegistration("w", 1, "v").announce(app.jobs.redis)
    return received(app.jobs, chat_id=99, duration_s=3600.0)


def _pressed(event: Update, **changes: Any) -> Update:
    """The button pressed under our reply to a track."""
    assert event.message is not None
    track = event.message.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    ours = {
        "message_id": OURS,
        "date": 1_700_000_001,
        "chat": track["chat"],
        "from": ME,
        "text": "…",
        "reply_to_message": track,
    }
    number = next(_presses)
    query = {
        "id": str(number),
        "from": {"id": PERSON, "is_bot": False, "first_name": "Ada"},
        "chat_instance": "1",
        "data": AGAIN,
        "message": {key: value for key, value in {**ours, **changes}.items() if value is not None},
    }
    return Update.model_validate({"update_id": number, "callback_query": query})


async def _toast(app: App, event: Update) -> AnswerCallbackQuery:
    [sent] = await feed(app, event)
    assert isinstance(sent, AnswerCallbackQuery)
    return sent


@pytest.mark.parametrize("chat_id", [PERSON, GROUP])
async def test_a_track_too_many_is_turned_away_with_a_button(
    app: App, busy: str, chat_id: int
) -> None:
    """As a reply to it, with the time it would take; nothing is queued or noted."""
    event = update(chat_id, audio=AUDIO)
    sent = await answer(app, event)
    assert "not in the queue" in sent.text
    assert "about 1 min" in sent.text
    assert event.message is not None
    assert sent.reply_parameters is not None
    assert sent.reply_parameters.message_id == event.message.message_id
    assert isinstance(sent.reply_markup, InlineKeyboardMarkup)
    [[button]] = sent.reply_markup.inline_keyboard
    assert (button.text, button.callback_data) == (texts.TRY_AGAIN, AGAIN)
    assert app.jobs.active() == [busy]
    assert app.jobs.redis.llen(QueueName.SHORT) == 0


async def test_trying_again_while_it_is_full_changes_nothing(app: App, busy: str) -> None:
    """The time is told anew, without a further message."""
    sent = await _toast(app, _pressed(update(audio=AUDIO)))
    assert sent.text is not None
    assert sent.text.startswith("Still too much to do: it would take about 1 min.")
    assert len(sent.text) <= 200, "Telegram takes no more"
    assert app.jobs.active() == [busy]


async def test_trying_again_later_queues_the_track(app: App, busy: str) -> None:
    """The job is that of the track's own message and person; twice is once."""
    event = update(audio=AUDIO)
    assert "not in the queue" in (await answer(app, event)).text
    app.jobs.advance(busy, JobState.DONE)
    for _ in range(2):
        assert (await _toast(app, _pressed(event))).text == texts.ACCEPTED
    [job_id] = app.jobs.active()
    view = seen(app.jobs, job_id)
    assert event.message is not None
    assert view.track.message_id == event.message.message_id
    assert (view.track.person, view.track.duration_s) == (f"{BOT_ID}/{PERSON}", 180)
    assert view.status_message_id == OURS


@pytest.fixture
async def restarted(config: Config, bot: Bot) -> AsyncIterator[App]:
    """A bot that remembers nothing."""
    made = App(config, bot)
    yield made
    made.disconnect()


async def test_the_button_outlives_the_bot(app: App, busy: str, restarted: App) -> None:
    """What it needs stands in the message, so another process takes the track as well."""
    event = update(audio=AUDIO)
    await answer(app, event)
    app.jobs.advance(busy, JobState.DONE)
    assert (await _toast(restarted, _pressed(event))).text == texts.ACCEPTED
    assert len(app.jobs.active()) == 1


async def test_the_message_with_the_button_becomes_the_status(
    app: App, busy: str, bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """It is edited, which takes the button off; no second message is sent."""
    app.jobs.advance(busy, JobState.DONE)
    await feed(app, _pressed(update(audio=AUDIO)))
    async with posted(bot, jobs):
        await until(lambda: telegram.of(EditMessageText))
    edit = telegram.of(EditMessageText)[0]
    assert (edit.message_id, edit.reply_markup) == (OURS, None)
    assert edit.text is not None
    assert "yours is next" in edit.text
    assert telegram.of(SendMessage) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"reply_to_message": None},
        {"date": 0, "from": None, "text": None, "reply_to_message": None},
    ],
)
async def test_a_track_that_was_deleted_is_asked_for(app: App, changes: dict[str, Any]) -> None:
    """Or a message so old that Telegram tells no more of it."""
    sent = await _toast(app, _pressed(update(audio=AUDIO), **changes))
    assert (sent.text, sent.show_alert) == (texts.GONE, True)
    assert app.jobs.active() == []


async def test_limits_hold_for_those_who_try_again(app: App) -> None:
    """They may have become tighter meanwhile."""
    sent = await _toast(app, _pressed(update(audio={**AUDIO, "duration": 3601})))
    assert sent.text is not None
    assert "1:00:01" in sent.text
    assert app.jobs.active() == []


async def test_a_bug_behind_the_button_is_owned_up_to(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The button does not just go on spinning."""

    async def explode(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(app.submitter, "submit", explode)
    assert (await _toast(app, _pressed(update(audio=AUDIO)))).text == texts.OOPS


async def test_another_button_is_not_ours(app: App) -> None:
    """Of a release to come, say."""
    pressed = _pressed(update(audio=AUDIO))
    assert pressed.callback_query is not None
    query = pressed.callback_query.model_copy(update={"data": "else"})
    assert await feed(app, pressed.model_copy(update={"callback_query": query})) == []


async def test_an_update_that_comes_again_keeps_its_place(app: App) -> None:
    """Accepted once, the track is not turned away because it has filled the queue itself."""
    event = update(audio={**AUDIO, "duration": 3000})
    for _ in range(2):
        assert await feed(app, event) == []
    assert len(app.jobs.active()) == 1


async def test_without_workers_a_crowd_says_so(app: App) -> None:
    """Then nobody knows how long it will take."""
    received(app.jobs, duration_s=3600.0)
    assert (await answer(app, update(audio=AUDIO))).text.endswith(texts.NOBODY_THERE)


async def test_the_time_left_is_told_from_the_first_message_on(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """While it waits and while it is heard, and less in the end than at first."""
    WorkerRegistration("w", 1, "v").announce(jobs.redis)
    first = received(jobs, duration_s=3600.0, chat_id=8)
    job_id = received(jobs, duration_s=3000.0)
    async with posted(bot, jobs):
        await until(lambda: len(telegram.texts) == 2)
        mine = "In the queue: 1 track is before yours.\nAbout 1 min to go."
        assert mine in telegram.texts
        jobs.advance(first, JobState.DONE)
        listening(jobs, job_id, done=0)
        await until(lambda: telegram.texts[-1].endswith("20 %\nUnder a minute to go."))


def test_place_and_time_come_from_one_forecast(jobs: JobStore) -> None:
    """Even where the job has moved on since."""
    view = seen(jobs, received(jobs))
    text = render(view, QueueEstimate(left_s=200, before=4))
    assert text == "In the queue: 4 tracks are before yours.\nAbout 3 min to go."
    unattended = render(replace(view, place=3), QueueEstimate(left_s=200, attended=False))
    assert unattended.endswith(f"\nAbout 3 min to go. {texts.NOBODY_THERE}")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "under a minute"),
        (59.9, "under a minute"),
        (60, "about 1 min"),
        (89, "about 1 min"),
        (91, "about 2 min"),
        (9 * 60, "about 9 min"),
        (12 * 60, "about 10 min"),
        (56 * 60, "about 55 min"),
        (58 * 60, "about an hour"),
        (80 * 60, "about 1.5 hours"),
        (125 * 60, "about 2 hours"),
    ],
)
def test_durations_are_said_as_exactly_as_they_are_known(seconds: float, said: str) -> None:
    """Rounded by less than what a forecast is off."""
    assert duration(seconds) == said
