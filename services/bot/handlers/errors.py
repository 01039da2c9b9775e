"""Exceptions that no handler expected."""

import logging

from aiogram import Router
from aiogram.methods import AnswerCallbackQuery, SendMessage
from aiogram.types import ErrorEvent

from services.bot import texts

logger = logging.getLogger(__name__)


def errors_router() -> Router:
    """Log unexpected exceptions, and tell the user."""
    router = Router(name="errors")
    router.errors.register(on_error)
    return router


async def on_error(event: ErrorEvent) -> SendMessage | AnswerCallbackQuery | None:
    """Log the traceback; tell the user that it was the bot's fault, if there is one to tell."""
    logger.error("Update %d failed", event.update.update_id, exc_info=event.exception)
    query, message = event.update.callback_query, event.update.message
    if query:
        return query.answer(texts.OOPS, show_alert=True)
    return message.reply(texts.OOPS) if message else None
