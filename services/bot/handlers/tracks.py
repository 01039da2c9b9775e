"""Tracks, from private chats and groups alike; and the button under one that was turned away."""

from typing import Final

from aiogram import Bot, Router
from aiogram.methods import AnswerCallbackQuery, SendMessage
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message

from services.bot import texts
from services.bot.media import track_in
from services.bot.submission import JobSubmitter
from shared.domain.track import Track
from shared.settings import LimitSettings

AGAIN: Final = "again"
"""What the button sends. The track is in the message that ours replies to, so nothing has to be
remembered meanwhile."""


def tracks_router() -> Router:
    """Queue tracks, or say why not."""
    router = Router(name="tracks")
    router.message.register(on_track, is_track)
    router.callback_query.register(on_again, is_again)
    return router


async def is_track(message: Message, bot: Bot) -> bool | dict[str, Track]:
    """Let tracks through, and hand the handler what is known of them."""
    track = track_in(message, bot.id)
    return {"track": track} if track else False


async def is_again(pressed: CallbackQuery) -> bool:
    """Whether the button was pressed."""
    return pressed.data == AGAIN


async def on_track(
    message: Message, track: Track, limits: LimitSettings, submitter: JobSubmitter
) -> SendMessage | None:
    """Return once the track is in the queue: only then is its update handled."""
    refusal = texts.refusal(track, limits)
    if refusal is not None:
        return message.reply(refusal)
    crowd = await submitter.submit(track)
    if crowd is None:
        return None
    return message.reply(texts.crowded(crowd), reply_markup=_button())


async def on_again(
    pressed: CallbackQuery, bot: Bot, limits: LimitSettings, submitter: JobSubmitter
) -> AnswerCallbackQuery:
    """Take a track that was turned away; the message that said so becomes its status message."""
    ours = pressed.message
    sent = ours.reply_to_message if isinstance(ours, Message) else None
    track = track_in(sent, bot.id) if sent else None
    if ours is None or track is None:
        return pressed.answer(texts.GONE, show_alert=True)
    refusal = texts.refusal(track, limits)
    if refusal is not None:
        return pressed.answer(refusal, show_alert=True)
    crowd = await submitter.submit(track, status_message_id=ours.message_id)
    if crowd is not None:
        return pressed.answer(texts.still_crowded(crowd), show_alert=True)
    return pressed.answer(texts.ACCEPTED)


def _button() -> InlineKeyboardMarkup:
    button = InlineKeyboardButton(text=texts.TRY_AGAIN, callback_data=AGAIN)
    return InlineKeyboardMarkup(inline_keyboard=[[button]])
