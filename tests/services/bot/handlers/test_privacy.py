"""The command /privacy."""

from dataclasses import replace

import pytest
from aiogram import Bot
from aiogram.methods import SendMessage

from services.bot import texts
from services.bot.app import App
from services.bot.config import Config
from shared.settings import JobSettings, ResultCacheSettings
from tests.services.bot.handlers.test_handlers import feed, reply_to
from tests.services.bot.samples import GROUP, update


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
