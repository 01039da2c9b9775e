"""The command /privacy."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.methods import SendMessage
from aiogram.types import Message

from services.bot import texts
from services.bot.config import Retention
from services.bot.handlers.commands import is_for_this_bot


def privacy_router() -> Router:
    """Say what is kept."""
    router = Router(name="privacy")
    router.message.register(on_privacy, Command("privacy"), is_for_this_bot)
    return router


async def on_privacy(message: Message, retention: Retention) -> SendMessage:
    """Say what is kept of a user, and for how long."""
    return message.answer(texts.privacy(retention))
