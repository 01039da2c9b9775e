"""Texts: writing, editing, deleting, buttons, and the refusals that Telegram gives."""

from collections.abc import Awaitable, Callable

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.types import (
    BotCommand,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    ReplyKeyboardRemove,
    ReplyParameters,
)

from devtools.emulator import Emulator

CHAT = 7
GROUP = -1001234567890
NOT_MODIFIED = "message is not modified: specified new message content and reply markup are "


def keyboard(data: str = "go") -> InlineKeyboardMarkup:
    """Build a keyboard of one button."""
    return InlineKeyboardMarkup(
        inline_keyboard=[[InlineKeyboardButton(text="Go", callback_data=data)]]
    )


@pytest.fixture
async def sent(bot: Bot, emulator: Emulator) -> Message:
    """A first message of the bot in a chat that has begun."""
    emulator.state.send_text(CHAT, "hello")
    return await bot.send_message(CHAT, "one", reply_markup=keyboard())


async def test_message_as_sent_and_as_shown(bot: Bot, sent: Message, emulator: Emulator) -> None:
    """What aiogram gets back and what the chat shows are the same message."""
    assert sent.from_user
    assert (sent.from_user.id, sent.chat.type, sent.text) == (bot.id, "private", "one")
    assert sent.reply_markup
    assert sent.reply_markup.model_dump() == keyboard().model_dump()
    shown = emulator.state.messages(CHAT)[-1]
    assert shown.message_id == sent.message_id
    assert shown.from_bot
    assert [button.data for button in shown.buttons] == ["go"]


async def test_every_version_is_kept(bot: Bot, sent: Message, emulator: Emulator) -> None:
    """Edits add versions in order; a keyboard that is not given again is gone."""
    for text in ("two", "three"):
        edited = await bot.edit_message_text(text, chat_id=CHAT, message_id=sent.message_id)
    assert isinstance(edited, Message)
    assert edited.edit_date
    shown = emulator.state.messages(CHAT)[-1]
    assert [version.text for version in shown.versions] == ["one", "two", "three"]
    times = [version.at for version in shown.versions]
    assert times == sorted(times)
    assert shown.buttons == []


async def test_same_content_is_refused(sent: Message) -> None:
    """Editing to the same text and keyboard is an error, a new keyboard alone is not."""
    with pytest.raises(TelegramBadRequest, match=NOT_MODIFIED):
        await sent.edit_text("one", reply_markup=keyboard())
    with pytest.raises(TelegramBadRequest, match=NOT_MODIFIED):
        await sent.edit_reply_markup(reply_markup=keyboard())
    await sent.edit_text("one", reply_markup=keyboard("other"))
    edited = await sent.edit_reply_markup()
    assert isinstance(edited, Message)
    assert edited.reply_markup is None


async def test_replies(bot: Bot, sent: Message) -> None:
    """A reply carries its message; one to nothing is refused unless that is allowed."""
    reply = await sent.reply("answer")
    assert reply.reply_to_message
    assert reply.reply_to_message.message_id == sent.message_id
    await sent.delete()
    gone = ReplyParameters(message_id=sent.message_id)
    with pytest.raises(TelegramBadRequest, match="message to be replied not found"):
        await bot.send_message(CHAT, "x", reply_parameters=gone)
    allowed = gone.model_copy(update={"allow_sending_without_reply": True})
    assert (await bot.send_message(CHAT, "x", reply_parameters=allowed)).reply_to_message is None


async def test_deleted_messages_stay_on_record(bot: Bot, sent: Message, emulator: Emulator) -> None:
    """A deleted message can be neither edited nor deleted again, but is remembered."""
    await sent.delete()
    with pytest.raises(TelegramBadRequest, match="message to delete not found"):
        await sent.delete()
    with pytest.raises(TelegramBadRequest, match="message to edit not found"):
        await bot.edit_message_text("x", chat_id=CHAT, message_id=sent.message_id)
    assert emulator.state.messages(CHAT)[-1].deleted


async def test_only_own_messages_are_edited(bot: Bot, emulator: Emulator) -> None:
    """What a person wrote cannot be edited, nor deleted by the bot in a group."""
    theirs = emulator.state.send_text(GROUP, "mine", user_id=5)
    with pytest.raises(TelegramBadRequest, match="message can't be edited"):
        await bot.edit_message_text("x", chat_id=GROUP, message_id=theirs.message_id)
    with pytest.raises(TelegramBadRequest, match="message can't be deleted"):
        await bot.delete_message(GROUP, theirs.message_id)
    update = (await bot.get_updates())[0].message
    assert update
    assert update.chat.type == "supergroup"
    assert update.from_user
    assert update.from_user.id == 5


Refused = Callable[[Bot, Message], Awaitable[object]]


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda bot, _: bot.send_message(CHAT, ""), "message text is empty"),
        (lambda bot, _: bot.send_message(CHAT, " \n "), "text must be non-empty"),
        (lambda bot, _: bot.send_message(CHAT, "x" * 4097), "message is too long"),
        (lambda bot, _: bot.send_message(8, "x"), "chat not found"),
        (lambda bot, _: bot.send_message("@nobody", "x"), "chat not found"),
        (
            lambda bot, _: bot.send_message(CHAT, "<b>x", parse_mode="HTML"),
            "can't parse entities: ",
        ),
        (lambda bot, _: bot.send_message(CHAT, "x", parse_mode="MarkdownV2"), "support Markdown"),
        (
            lambda bot, _: bot.send_message(CHAT, "x", reply_markup=keyboard("x" * 65)),
            "BUTTON_DATA_INVALID",
        ),
        (
            lambda bot, sent: bot.edit_message_caption(
                chat_id=CHAT, message_id=sent.message_id, caption="x"
            ),
            "there is no caption in the message to edit",
        ),
        (
            lambda bot, _: bot.edit_message_text("x", chat_id=CHAT, message_id=99),
            "to edit not found",
        ),
        (lambda bot, _: bot.edit_message_text("x", chat_id=CHAT), "identifier is not specified"),
        (lambda bot, _: bot.send_chat_action(CHAT, "dancing"), "wrong parameter action"),
        (lambda bot, _: bot.answer_callback_query("1"), "query is too old and response timeout"),
    ],
)
async def test_refusals(bot: Bot, sent: Message, call: Refused, reason: str) -> None:
    """Each mistake is refused in Telegram's words."""
    with pytest.raises(TelegramBadRequest, match=reason):
        await call(bot, sent)


async def test_longest_text_fits(bot: Bot, sent: Message) -> None:
    """4096 characters are let through, counted without the markup."""
    message = await bot.send_message(sent.chat.id, f"<b>{'x' * 4096}</b>", parse_mode="HTML")
    assert len(message.text or "") == 4096


async def test_blocked_bot(bot: Bot, sent: Message, emulator: Emulator) -> None:
    """A person who blocked the bot is out of its reach until that is taken back."""
    emulator.state.block(CHAT)
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await bot.send_message(CHAT, "x")
    emulator.state.block(CHAT, blocked=False)
    await bot.send_message(sent.chat.id, "x")


async def test_reply_keyboard_is_not_echoed(bot: Bot, sent: Message) -> None:
    """Only inline keyboards come back with a message, and only they may come with an edit."""
    message = await bot.send_message(sent.chat.id, "x", reply_markup=ReplyKeyboardRemove())
    assert message.reply_markup is None


async def test_pressed_button(bot: Bot, sent: Message, emulator: Emulator) -> None:
    """A pressed button reaches the bot, and its answer reaches the person."""
    query = emulator.state.press(CHAT, sent.message_id, "go")
    update = (await bot.get_updates())[-1].callback_query
    assert update
    assert (update.id, update.data, update.from_user.id) == (query.id, "go", CHAT)
    assert update.message
    assert update.message.message_id == sent.message_id
    await update.answer("Fine", show_alert=True).as_(bot)
    assert [(answer.text, answer.show_alert) for answer in query.answers] == [("Fine", True)]


async def test_late_answer_is_refused(bot: Bot, sent: Message, emulator: Emulator) -> None:
    """An answer after the button's lifetime is refused like one to an unknown button."""
    query = emulator.state.press(CHAT, sent.message_id, "go")
    query.at -= emulator.state.config.callback_lifetime_s + 1
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await bot.answer_callback_query(query.id)


async def test_chat_actions(bot: Bot, sent: Message, emulator: Emulator) -> None:
    """Chat actions are remembered in their order."""
    await bot.send_chat_action(sent.chat.id, "typing")
    await bot.send_chat_action(sent.chat.id, "upload_photo")
    actions = emulator.state.chats.existing(CHAT).actions
    assert [action.action for action in actions] == ["typing", "upload_photo"]


async def test_commands_and_descriptions(bot: Bot) -> None:
    """Commands are kept by language; descriptions come back as they were set."""
    commands = [BotCommand(command="start", description="Begin")]
    await bot.set_my_commands(commands, language_code="de")
    kept = await bot.get_my_commands(language_code="de")
    assert [(command.command, command.description) for command in kept] == [("start", "Begin")]
    assert await bot.get_my_commands() == []
    await bot.delete_my_commands(language_code="de")
    assert await bot.get_my_commands(language_code="de") == []
    await bot.set_my_short_description("Genres")
    assert (await bot.get_my_short_description()).short_description == "Genres"
    with pytest.raises(TelegramBadRequest, match="BOT_COMMAND_INVALID"):
        await bot.set_my_commands([BotCommand(command="Start!", description="Begin")])
