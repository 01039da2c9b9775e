"""The commands /privacy and /forget."""

import asyncio

from aiogram import Bot, Router
from aiogram.filters import Command
from aiogram.methods import SendMessage
from aiogram.types import Message

from services.bot import texts
from services.bot.cancellation import JobCanceller
from services.bot.config import Retention
from services.bot.handlers.commands import is_for_this_bot
from services.bot.media import user_in


def privacy_router() -> Router:
    """Say what is kept of a user, and delete it."""
    router = Router(name="privacy")
    router.message.register(on_privacy, Command("privacy"), is_for_this_bot)
    router.message.register(on_forget, Command("forget"), is_for_this_bot)
    return router


async def on_privacy(message: Message, retention: Retention) -> SendMessage:
    """Say what is kept of a user, and for how long."""
    return message.answer(texts.privacy(retention))


async def on_forget(message: Message, bot: Bot, canceller: JobCanceller) -> SendMessage:
    """Delete what is kept of a user; reply only once it is deleted."""
    cancelled = await asyncio.to_thread(canceller.forget, user_in(message, bot.id))
    return message.reply(texts.forgotten(cancelled))
