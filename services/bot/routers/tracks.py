"""Tracks, from private chats and groups alike."""

from aiogram import Bot, Router
from aiogram.methods import SendMessage
from aiogram.types import Message

from services.bot import texts
from services.bot.intake import Intake
from services.bot.media import track_in
from shared.messages import Track
from shared.settings import LimitSettings


def tracks_router() -> Router:
    """Queue tracks, or say why not."""
    router = Router(name="tracks")
    router.message.register(on_track, is_track)
    return router


async def is_track(message: Message, bot: Bot) -> bool | dict[str, Track]:
    """Let tracks through, and hand the handler what is known of them."""
    track = track_in(message, bot.id)
    return {"track": track} if track else False


async def on_track(
    message: Message, track: Track, limits: LimitSettings, intake: Intake
) -> SendMessage | None:
    """Return once the track is in the queue: only then is its update handled."""
    refusal = texts.refusal(track, limits)
    if refusal is not None:
        return message.reply(refusal)
    await intake.submit(track)
    return None
