"""Lists of those who are served and of those who are not."""

from dataclasses import replace

import pytest
from aiogram import Bot

from services.bot import texts
from services.bot.app import App
from services.bot.config import AccessSettings, Config
from tests.services.bot.handlers.test_handlers import feed
from tests.services.bot.samples import AUDIO, GROUP, USER, update


def _app(config: Config, bot: Bot, **access: object) -> App:
    return App(replace(config, access=AccessSettings.model_validate(access)), bot)


@pytest.mark.parametrize("ids", [{USER}, {GROUP}])
async def test_blocked_users_and_chats_get_no_reply(
    config: Config, bot: Bot, ids: set[int]
) -> None:
    """Neither to a command nor to a track."""
    app = _app(config, bot, blocked_ids=ids)
    for event in (update(GROUP, audio=AUDIO), update(GROUP, text="/help@genrebot")):
        assert await feed(app, event) == []
    assert app.jobs.active() == []
    app.disconnect()


async def test_others_are_served_as_usual(config: Config, bot: Bot) -> None:
    """A block-list names those who are not."""
    app = _app(config, bot, blocked_ids={USER + 1})
    assert len(await feed(app, update(text="/genres"))) == 1
    app.disconnect()


@pytest.mark.parametrize("ids", [{USER}, {GROUP}])
async def test_allowed_users_and_chats_are_served(config: Config, bot: Bot, ids: set[int]) -> None:
    """A user everywhere, a group for all its users."""
    app = _app(config, bot, allowed_ids=ids)
    await feed(app, update(GROUP, audio=AUDIO))
    assert len(app.jobs.active()) == 1
    app.disconnect()


async def test_everybody_else_is_told_once(config: Config, bot: Bot) -> None:
    """In private chats; in groups the bot stays silent."""
    app = _app(config, bot, allowed_ids={USER + 1})
    assert await feed(app, update(GROUP, text="/help@genrebot")) == []
    sent = [request for _ in range(3) for request in await feed(app, update(audio=AUDIO))]
    assert [getattr(request, "text", None) for request in sent] == [texts.NOT_SERVED]
    assert app.jobs.active() == []
    app.disconnect()


def test_lists_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids are separated by commas or spaces."""
    monkeypatch.setenv("GENREBOT_ALLOWED_IDS", "7, 8 -100")
    monkeypatch.setenv("GENREBOT_BLOCKED_IDS", "")
    settings = AccessSettings()
    assert settings.allowed_ids == frozenset({7, 8, -100})
    assert not settings.blocked_ids
