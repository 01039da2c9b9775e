"""Makes clients of the Bot API."""

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.enums import ParseMode

from shared.settings import TelegramSettings


def make_bot(settings: TelegramSettings) -> Bot:
    """Make a client of the Bot API; opens no connection yet.

    Texts are HTML, links show no preview, and a reply to a message that was deleted meanwhile is
    sent all the same.
    """
    return Bot(
        token=settings.token.get_secret_value(),
        session=AiohttpSession(api=_server(settings)),
        default=DefaultBotProperties(
            parse_mode=ParseMode.HTML,
            link_preview_is_disabled=True,
            allow_sending_without_reply=True,
        ),
    )


def _server(settings: TelegramSettings) -> TelegramAPIServer:
    if settings.api_url is None:
        return PRODUCTION
    return TelegramAPIServer.from_base(settings.api_url, is_local=settings.api_local)
