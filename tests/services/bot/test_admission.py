"""A backlog that is too long: tracks are refused with an estimate, and a button to try again."""

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
from services.bot.config import Config, UsageSettings
from services.bot.estimation.eta import QueueEstimate
from services.bot.handlers.tracks import TRY_AGAIN_DATA
from services.bot.status.view import render
from services.bot.texts import duration
from shared.domain.job_state import JobState
from shared.queue.tasks import QueueName
from shared.settings import JobSettings
from shared.store.jobs import JobStore
from shared.store.keys import COSTS
from shared.store.throughput import WorkerRegistration
from tests.services.bot.handlers.test_handlers import feed, reply_to
from tests.services.bot.samples import AUDIO, BOT_ID, GROUP, USER, featurizing, received, update
from tests.services.bot.status.test_view import view_of
from tests.services.bot.telegram import ME, FakeTelegram
from tests.services.bot.updaters import updating
from tests.services.bot.waiting import until

REFUSAL_ID = 900
"""Id of the message that refused a track."""
_query_ids = count(5_000_000)


@pytest.fixture
def job_settings() -> JobSettings:
    """Allow three minutes of audio."""
    return JobSettings(max_backlog_s=180)


@pytest.fixture
def long_job(app: App) -> str:
    """A job whose audio exceeds the limit, and one slow worker."""
    app.jobs.redis.hset(COSTS, mapping={"audio": 1e6, "listening": 4e6})
    WorkerRegistration("w", 1, "v").announce(app.jobs.redis)
    return received(app.jobs, chat_id=99, duration_s=3600.0)


def _pressed(event: Update, **changes: Any) -> Update:
    """Press the button under the refusal of a track."""
    assert event.message is not None
    track = event.message.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    refusal = {
        "message_id": REFUSAL_ID,
        "date": 1_700_000_001,
        "chat": track["chat"],
        "from": ME,
        "text": "…",
        "reply_to_message": track,
    }
    number = next(_query_ids)
    query = {
        "id": str(number),
        "from": {"id": USER, "is_bot": False, "first_name": "Ada"},
        "chat_instance": "1",
        "data": TRY_AGAIN_DATA,
        "message": {
            key: value for key, value in {**refusal, **changes}.items() if value is not None
        },
    }
    return Update.model_validate({"update_id": number, "callback_query": query})


async def _press(app: App, event: Update) -> AnswerCallbackQuery:
    [sent] = await feed(app, event)
    assert isinstance(sent, AnswerCallbackQuery)
    return sent


@pytest.mark.parametrize("chat_id", [USER, GROUP])
async def test_a_track_above_the_limit_is_refused_with_a_button(
    app: App, long_job: str, chat_id: int
) -> None:
    """The refusal replies to the track and says how long it would take; nothing is stored."""
    event = update(chat_id, audio=AUDIO)
    sent = await reply_to(app, event)
    assert "not in the queue" in sent.text
    assert "about 15 min" in sent.text
    assert event.message is not None
    assert sent.reply_parameters is not None
    assert sent.reply_parameters.message_id == event.message.message_id
    assert isinstance(sent.reply_markup, InlineKeyboardMarkup)
    [[button]] = sent.reply_markup.inline_keyboard
    assert (button.text, button.callback_data) == (texts.TRY_AGAIN, TRY_AGAIN_DATA)
    assert app.jobs.active() == [long_job]
    assert app.jobs.redis.llen(QueueName.SHORT) == 0


async def test_trying_again_too_early_is_refused(app: App, long_job: str) -> None:
    """The new estimate is shown as an alert, without another message."""
    sent = await _press(app, _pressed(update(audio=AUDIO)))
    assert sent.text is not None
    assert sent.text.startswith("Still too much to do: it would take about 15 min.")
    assert len(sent.text) <= 200, "Telegram takes no more"
    assert app.jobs.active() == [long_job]


async def test_trying_again_later_is_accepted(app: App, long_job: str) -> None:
    """The job belongs to the track's message and user; pressing twice makes one job."""
    event = update(audio=AUDIO)
    assert "not in the queue" in (await reply_to(app, event)).text
    app.jobs.advance(long_job, JobState.DONE)
    for _ in range(2):
        assert (await _press(app, _pressed(event))).text == texts.ACCEPTED
    [job_id] = app.jobs.active()
    view = view_of(app.jobs, job_id)
    assert event.message is not None
    assert view.track.message_id == event.message.message_id
    assert (view.track.user, view.track.duration_s) == (f"{BOT_ID}/{USER}", 180)
    assert view.status_message_id == REFUSAL_ID


@pytest.fixture
async def restarted(config: Config, bot: Bot) -> AsyncIterator[App]:
    """The same bot in another process."""
    created = App(config, bot)
    yield created
    created.disconnect()


async def test_the_button_works_after_a_restart(app: App, long_job: str, restarted: App) -> None:
    """Everything that it needs is in the message."""
    event = update(audio=AUDIO)
    await reply_to(app, event)
    app.jobs.advance(long_job, JobState.DONE)
    assert (await _press(restarted, _pressed(event))).text == texts.ACCEPTED
    assert len(app.jobs.active()) == 1


async def test_the_refusal_becomes_the_status_message(
    app: App, long_job: str, bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """It is edited, which removes the button; no second message is sent."""
    app.jobs.advance(long_job, JobState.DONE)
    await feed(app, _pressed(update(audio=AUDIO)))
    async with updating(bot, jobs):
        await until(lambda: telegram.of(EditMessageText))
    edit = telegram.of(EditMessageText)[0]
    assert (edit.message_id, edit.reply_markup) == (REFUSAL_ID, None)
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
async def test_a_deleted_track_has_to_be_sent_again(app: App, changes: dict[str, Any]) -> None:
    """Or one so old that Telegram no longer describes it."""
    sent = await _press(app, _pressed(update(audio=AUDIO), **changes))
    assert (sent.text, sent.show_alert) == (texts.TRACK_GONE, True)
    assert app.jobs.active() == []


async def test_a_user_who_has_sent_enough_is_told_when_it_goes_on(
    app: App, config: Config, bot: Bot
) -> None:
    """As a reply with the same button, which works once the limit is lifted."""
    limited = App(replace(config, usage=UsageSettings(user_uploads_per_minute=1)), bot)
    await feed(limited, update(audio=AUDIO))
    event = update(audio=AUDIO)
    sent = await reply_to(limited, event)
    assert sent.text.startswith("That was 1 track within a minute")
    assert isinstance(sent.reply_markup, InlineKeyboardMarkup)
    limited.disconnect()
    app.jobs.advance(app.jobs.active()[0], JobState.DONE)
    assert (await _press(app, _pressed(event))).text == texts.ACCEPTED


async def test_many_tracks_of_one_user_do_not_keep_others_out(app: App) -> None:
    """Lengths are the sender's claim, and most of these tracks wait in the user's own line."""
    app.jobs.redis.hset(COSTS, mapping={"audio": 1e6, "listening": 0.4e6})
    WorkerRegistration("w", 1, "v").announce(app.jobs.redis)
    greedy: dict[str, Any] = {"from": {"id": 8, "is_bot": False, "first_name": "Bo"}}
    for _ in range(10):
        await feed(app, update(8, audio={**AUDIO, "duration": 3600}, **greedy))
    taken = len(app.jobs.active())
    assert await feed(app, update(audio={**AUDIO, "duration": 30})) == []
    assert len(app.jobs.active()) == taken + 1


async def test_limits_apply_when_trying_again(app: App) -> None:
    """They may have become stricter meanwhile."""
    sent = await _press(app, _pressed(update(audio={**AUDIO, "duration": 3601})))
    assert sent.text is not None
    assert "1:00:01" in sent.text
    assert app.jobs.active() == []


async def test_an_error_after_pressing_the_button_is_shown(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the button would go on spinning."""

    async def explode(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(app.submitter, "submit", explode)
    assert (await _press(app, _pressed(update(audio=AUDIO)))).text == texts.OOPS


async def test_unknown_buttons_are_ignored(app: App) -> None:
    """They may come from another release."""
    pressed = _pressed(update(audio=AUDIO))
    assert pressed.callback_query is not None
    query = pressed.callback_query.model_copy(update={"data": "else"})
    assert await feed(app, pressed.model_copy(update={"callback_query": query})) == []


async def test_a_repeated_update_is_not_refused(app: App) -> None:
    """The backlog that the track itself made does not count against it."""
    event = update(audio={**AUDIO, "duration": 3000})
    for _ in range(2):
        assert await feed(app, event) == []
    assert len(app.jobs.active()) == 1


async def test_a_refusal_says_that_no_worker_is_there(app: App) -> None:
    """Then the estimate is only a lower bound."""
    received(app.jobs, duration_s=3600.0)
    assert (await reply_to(app, update(audio=AUDIO))).text.endswith(texts.NO_WORKERS)


async def test_the_first_status_already_has_a_time(
    bot: Bot, telegram: FakeTelegram, jobs: JobStore
) -> None:
    """The time is shown while the job waits and while it runs, and falls."""
    WorkerRegistration("w", 1, "v").announce(jobs.redis)
    first = received(jobs, duration_s=3600.0, chat_id=8)
    job_id = received(jobs, duration_s=3000.0)
    async with updating(bot, jobs):
        await until(lambda: len(telegram.texts) == 2)
        mine = "In the queue: 1 track is before yours.\nAbout 1 min to go."
        assert mine in telegram.texts
        jobs.advance(first, JobState.DONE)
        featurizing(jobs, job_id, done=0)
        await until(lambda: telegram.texts[-1].endswith("20 %\nUnder a minute to go."))


def test_a_status_in_the_queue_has_a_time(jobs: JobStore) -> None:
    """Which says so if there is no worker."""
    view = view_of(jobs, received(jobs))
    text = render(view, QueueEstimate(left_s=200))
    assert text == "In the queue: yours is next.\nAbout 3 min to go."
    unattended = render(replace(view, user_position=3), QueueEstimate(left_s=200, attended=False))
    assert unattended.endswith(f"\nAbout 3 min to go. {texts.NO_WORKERS}")


@pytest.mark.parametrize(
    ("seconds", "text"),
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
def test_durations_are_rounded(seconds: float, text: str) -> None:
    """By less than the error of an estimate."""
    assert duration(seconds) == text
