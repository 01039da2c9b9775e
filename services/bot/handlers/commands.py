"""The commands: /start, /help and /genres."""

from aiogram import Router
from aiogram.enums import ChatType
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.methods import SendMessage
from aiogram.types import Message

from services.bot import texts
from shared.settings import LimitSettings


def commands_router() -> Router:
    """Answer commands."""
    router = Router(name="commands")
    router.message.register(on_start, CommandStart(), meant_for_us)
    router.message.register(on_help, Command("help"), meant_for_us)
    router.message.register(on_genres, Command("genres"), meant_for_us)
    return router


async def meant_for_us(message: Message, command: CommandObject) -> bool:
    """Whether a command is for this bot; in groups it has to name the bot.

    A mention of another bot never gets here: the command filter turns it away.
    """
    return message.chat.type == ChatType.PRIVATE or command.mentioned


async def on_start(message: Message) -> SendMessage:
    """Greet."""
    return message.answer(texts.start())


async def on_help(message: Message, limits: LimitSettings) -> SendMessage:
    """Say what to send and what comes back."""
    return message.answer(texts.help_text(limits))


async def on_genres(message: Message) -> SendMessage:
    """List the genres."""
    return message.answer(texts.genres())
