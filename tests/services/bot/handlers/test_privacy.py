"""The commands /privacy and /forget."""

import re
from dataclasses import replace
from typing import cast

import pytest
from aiogram import Bot
from aiogram.methods import SendMessage

from services.bot import texts
from services.bot.app import App
from services.bot.config import Config
from shared.domain.job_state import JobState
from shared.domain.track import user_of
from shared.queue.tasks import QueueName
from shared.settings import JobSettings, ResultCacheSettings
from tests.services.bot.handlers.test_handlers import feed, reply_to
from tests.services.bot.samples import AUDIO, BOT_ID, GROUP, USER, received, update


async def test_privacy_names_the_periods_in_force(config: Config, bot: Bot) -> None:
    """They come from the settings, so that they are true."""
    settings = replace(
        config,
        jobs=JobSettings(spool_ttl_s=3600, job_ttl_s=24 * 3600),
        results=ResultCacheSettings(answer_ttl_s=7 * 24 * 3600),
    )
    app = App(settings, bot)
    sent = await reply_to(app, update(text="/privacy"))
    for period in ("1 hour at most", "24 hours.", "7 days after"):
        assert period in sent.text
    app.disconnect()


async def test_forget_deletes_everything_of_a_user(app: App) -> None:
    """Jobs that are active and jobs that are over; those of others stay."""
    for _ in range(3):
        await feed(app, update(audio=AUDIO))
    over, other = app.jobs.active()[0], received(app.jobs, title="Other")
    app.jobs.advance(over, JobState.DONE)
    queued = cast("int", app.jobs.redis.llen(QueueName.SHORT))
    sent = await reply_to(app, update(text="/forget"))
    assert sent.text == texts.forgotten(2)
    assert app.jobs.active() == [other]
    assert app.jobs.view(over) is None
    user = user_of(BOT_ID, USER)
    names = cast("list[str]", app.jobs.redis.keys("*"))
    kept = [name for name in names if re.search(rf"{user}(\D|$)", name)]
    assert all("usage" in name for name in kept), "only the counts are kept"
    assert app.jobs.redis.llen(QueueName.SHORT) == queued + 2, "a cleanup for each"


async def test_forget_without_anything_to_delete(app: App) -> None:
    """It says the same, and nothing of verdicts."""
    assert (await reply_to(app, update(text="/forget"))).text == texts.forgotten(0)
    assert "verdict" not in texts.forgotten(0)


async def test_privacy_in_a_group_has_to_name_the_bot(app: App) -> None:
    """As every command."""
    assert await feed(app, update(GROUP, text="/privacy")) == []
    [_, sent] = await feed(app, update(GROUP, text="/privacy@genrebot"))
    assert isinstance(sent, SendMessage)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "1 second"),
        (90, "90 seconds"),
        (3600, "1 hour"),
        (21_600, "6 hours"),
        (86_400, "24 hours"),
        (86_460, "1441 minutes"),
        (604_800, "7 days"),
    ],
)
def test_periods_are_exact(seconds: int, text: str) -> None:
    """They are promises."""
    assert texts.period(seconds) == text
