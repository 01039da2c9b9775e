"""Changing messages: text, media, caption and keyboard."""

import time
from typing import Final, cast

from devtools.emulator.errors import bad_request
from devtools.emulator.methods.arguments import (
    captioned,
    read_caption,
    read_media,
    read_own_message,
    read_text,
)
from devtools.emulator.methods.call import Call
from devtools.emulator.methods.handler import Handler
from devtools.emulator.methods.keyboards import read_keyboard
from devtools.emulator.state.api_objects import message_object
from devtools.emulator.state.chats import Chat
from devtools.emulator.state.emulator_state import EmulatorState
from devtools.emulator.state.records import ChatMessage, JsonObject, MediaKind, Version

_SHOWABLE: Final = frozenset({"photo", "audio", "document", "video"})
"""What editMessageMedia puts in place of a text or a file; voices are not among them."""


async def edit_message_text(state: EmulatorState, call: Call) -> JsonObject:
    """Change a text; a keyboard that is not given again is taken away."""
    formatted = read_text(call)
    markup = read_keyboard(call, inline_only=True)
    chat, message = read_own_message(state, call)
    if message.media:
        raise bad_request("there is no text in the message to edit")
    version = Version(
        at=time.time(),
        text=formatted.text,
        entities=formatted.entities,
        reply_markup=markup,
    )
    return _show(state, chat, message, version)


async def edit_message_media(state: EmulatorState, call: Call) -> JsonObject:
    """Show another file, also in place of a text; a voice message cannot be changed so."""
    given = call.json("media")
    if not isinstance(given, dict):
        raise bad_request("can't parse InputMedia: expected an Object")
    kind = str(given.get("type", ""))
    if kind not in _SHOWABLE:
        raise bad_request(f'can\'t parse InputMedia: type "{kind}" is unsupported')
    caption = read_caption(given, given.get("caption_entities"))
    markup = read_keyboard(call, inline_only=True)
    chat, message = read_own_message(state, call)
    if message.media and message.media.kind == "voice":
        raise bad_request("message can't be edited")
    source = str(given.get("media") or "")
    media = read_media(state, call, cast("MediaKind", kind), source, given)
    return _show(state, chat, message, captioned(media, caption, markup))


async def edit_message_caption(state: EmulatorState, call: Call) -> JsonObject:
    """Change the words under a file; without words they are taken away."""
    caption = read_caption(call.values, call.json("caption_entities"))
    markup = read_keyboard(call, inline_only=True)
    chat, message = read_own_message(state, call)
    if message.media is None:
        raise bad_request("there is no caption in the message to edit")
    return _show(state, chat, message, captioned(message.media, caption, markup))


async def edit_message_reply_markup(state: EmulatorState, call: Call) -> JsonObject:
    """Change the keyboard only, or take it away."""
    markup = read_keyboard(call, inline_only=True)
    chat, message = read_own_message(state, call)
    version = message.current.model_copy(update={"at": time.time(), "reply_markup": markup})
    return _show(state, chat, message, version)


def _show(state: EmulatorState, chat: Chat, message: ChatMessage, version: Version) -> JsonObject:
    if version.model_copy(update={"at": message.current.at}) == message.current:
        raise bad_request(
            "message is not modified: specified new message content and reply markup are "
            "exactly the same as a current content and reply markup of the message"
        )
    state.chats.edit(message, version)
    return message_object(chat, message)


METHODS: Final[dict[str, Handler]] = {
    "editMessageText": edit_message_text,
    "editMessageMedia": edit_message_media,
    "editMessageCaption": edit_message_caption,
    "editMessageReplyMarkup": edit_message_reply_markup,
}
