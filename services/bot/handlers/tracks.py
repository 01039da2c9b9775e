"""Tracks, from private chats and groups alike, and the button under a refusal."""

from typing import Final

from aiogram import Bot, Router
from aiogram.methods import AnswerCallbackQuery, SendMessage
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message

from services.bot import texts
from services.bot.media import track_in
from services.bot.submission import JobSubmitter
from shared.domain.track import Track
from shared.settings import LimitSettings

TRY_AGAIN_DATA: Final = "again"
"""Callback data of the button. The refusal replies to the track, so the track is found through
that message, and the bot has to remember nothing."""


def tracks_router() -> Router:
    """Put tracks on the queue, or say why not."""
    router = Router(name="tracks")
    router.message.register(on_track, is_track)
    router.callback_query.register(on_try_again, is_try_again)
    return router


async def is_track(message: Message, bot: Bot) -> bool | dict[str, Track]:
    """Accept messages with a track, and pass the track to the handler."""
    track = track_in(message, bot.id)
    return {"track": track} if track else False


async def is_try_again(query: CallbackQuery) -> bool:
    """Whether the button under a refusal was pressed."""
    return query.data == TRY_AGAIN_DATA


async def on_track(
    message: Message, track: Track, limits: LimitSettings, submitter: JobSubmitter
) -> SendMessage | None:
    """Return once the track is on the queue: only then is its update confirmed."""
    refusal = texts.refusal(track, limits)
    if refusal is not None:
        return message.reply(refusal)
    refused = await submitter.submit(track)
    if refused is None:
        return None
    return message.reply(texts.not_accepted(refused), reply_markup=_try_again_button())


async def on_try_again(
    query: CallbackQuery, bot: Bot, limits: LimitSettings, submitter: JobSubmitter
) -> AnswerCallbackQuery:
    """Submit a refused track again; the refusal becomes its status message."""
    refusal_message = query.message
    sent = refusal_message.reply_to_message if isinstance(refusal_message, Message) else None
    track = track_in(sent, bot.id) if sent else None
    if refusal_message is None or track is None:
        return query.answer(texts.TRACK_GONE, show_alert=True)
    refusal = texts.refusal(track, limits)
    if refusal is not None:
        return query.answer(refusal, show_alert=True)
    refused = await submitter.submit(track, status_message_id=refusal_message.message_id)
    if refused is not None:
        return query.answer(texts.still_not_accepted(refused), show_alert=True)
    return query.answer(texts.ACCEPTED)


def _try_again_button() -> InlineKeyboardMarkup:
    button = InlineKeyboardButton(text=texts.TRY_AGAIN, callback_data=TRY_AGAIN_DATA)
    return InlineKeyboardMarkup(inline_keyboard=[[button]])
