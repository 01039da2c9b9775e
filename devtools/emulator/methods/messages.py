"""Writing and deleting: sendMessage, files, chat actions and answers to buttons."""

import time
from typing import Final, Literal

from devtools.emulator.errors import ApiError, bad_request
from devtools.emulator.methods.arguments import (
    captioned,
    read_caption,
    read_chat,
    read_media,
    read_reply,
    read_text,
)
from devtools.emulator.methods.call import Call
from devtools.emulator.methods.handler import Handler
from devtools.emulator.methods.keyboards import read_keyboard
from devtools.emulator.state.api_objects import message_object
from devtools.emulator.state.emulator_state import EmulatorState
from devtools.emulator.state.records import CallbackAnswer, JsonObject, MediaKind, Version

MAX_ANSWER: Final = 200
"""Longest answer to a pressed button, in characters."""

_ACTIONS: Final = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)


async def send_message(state: EmulatorState, call: Call) -> JsonObject:
    """Write a text."""
    formatted = read_text(call)
    markup = read_keyboard(call)
    chat = read_chat(state, call)
    version = Version(
        at=time.time(),
        text=formatted.text,
        entities=formatted.entities,
        reply_markup=markup,
    )
    reply = read_reply(chat, call)
    message = state.chats.write(chat, state.bot, version, reply_to=reply)
    return message_object(chat, message)


def _sender(kind: MediaKind) -> Handler:
    async def send(state: EmulatorState, call: Call) -> JsonObject:
        caption = read_caption(call.values, call.json("caption_entities"))
        markup = read_keyboard(call)
        chat = read_chat(state, call)
        source = f"attach://{kind}" if kind in call.files else call.text(kind)
        if not source:
            raise bad_request(f"there is no {kind} in the request")
        reply = read_reply(chat, call)
        media = read_media(state, call, kind, source, call.values)
        version = captioned(media, caption, markup)
        message = state.chats.write(chat, state.bot, version, reply_to=reply)
        return message_object(chat, message)

    return send


async def delete_message(state: EmulatorState, call: Call) -> Literal[True]:
    """Take a message off the screen: any in a private chat, the bot's own in a group."""
    chat = read_chat(state, call)
    message = chat.visible(call.integer("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    if not (message.from_bot or chat.is_private):
        raise bad_request("message can't be deleted")
    state.chats.delete(message)
    return True


async def send_chat_action(state: EmulatorState, call: Call) -> Literal[True]:
    """Show "is typing" or the like."""
    action = call.text("action").lower()
    chat = read_chat(state, call)
    if action not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    state.chats.act(chat, action)
    return True


async def answer_callback_query(state: EmulatorState, call: Call) -> Literal[True]:
    """End the wait of whoever pressed a button."""
    query = state.chats.callbacks.get(call.text("callback_query_id"))
    lifetime = state.config.callback_lifetime_s
    if query is None or time.time() - query.at > lifetime:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    text = call.text("text")
    if len(text) > MAX_ANSWER:
        raise ApiError(400, "Bad Request: MESSAGE_TOO_LONG")
    answer = CallbackAnswer(
        at=time.time(), text=text or None, show_alert=call.boolean("show_alert")
    )
    state.chats.answer(query, answer)
    return True


METHODS: Final[dict[str, Handler]] = {
    "sendMessage": send_message,
    "sendPhoto": _sender("photo"),
    "sendVoice": _sender("voice"),
    "sendAudio": _sender("audio"),
    "sendDocument": _sender("document"),
    "deleteMessage": delete_message,
    "sendChatAction": send_chat_action,
    "answerCallbackQuery": answer_callback_query,
}
