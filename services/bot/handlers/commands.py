"""The commands: /start, /help and /genres."""

from aiogram import Router
from aiogram.enums import ChatType
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.methods import SendMessage
from aiogram.types import Message

from services.bot import texts
from shared.settings import LimitSettings


def commands_router() -> Router:
    """Reply to commands."""
    router = Router(name="commands")
    router.message.register(on_start, CommandStart(), is_for_this_bot)
    router.message.register(on_help, Command("help"), is_for_this_bot)
    router.message.register(on_genres, Command("genres"), is_for_this_bot)
    return router


async def is_for_this_bot(message: Message, command: CommandObject) -> bool:
    """Whether a command is for this bot; in groups it has to name the bot.

    aiogram's command filter rejects commands that name another bot.
    """
    return message.chat.type == ChatType.PRIVATE or command.mentioned


async def on_start(message: Message) -> SendMessage:
    """Greet, and say what the bot does."""
    return message.answer(texts.start())


async def on_help(message: Message, limits: LimitSettings) -> SendMessage:
    """Say what to send, within which limits, and what comes back."""
    return message.answer(texts.help_text(limits))


async def on_genres(message: Message) -> SendMessage:
    """List the genres."""
    return message.answer(texts.genres())
