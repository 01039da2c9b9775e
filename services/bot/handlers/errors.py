"""What is left: an error that no handler foresaw."""

import logging

from aiogram import Router
from aiogram.methods import AnswerCallbackQuery, SendMessage
from aiogram.types import ErrorEvent

from services.bot import texts

logger = logging.getLogger(__name__)


def failures_router() -> Router:
    """Log unforeseen errors, and own up to them."""
    router = Router(name="failures")
    router.errors.register(on_failure)
    return router


async def on_failure(event: ErrorEvent) -> SendMessage | AnswerCallbackQuery | None:
    """Log with the traceback; tell the person where there is one to tell."""
    logger.error("Update %d failed", event.update.update_id, exc_info=event.exception)
    pressed, message = event.update.callback_query, event.update.message
    if pressed:
        return pressed.answer(texts.OOPS, show_alert=True)
    return message.reply(texts.OOPS) if message else None
