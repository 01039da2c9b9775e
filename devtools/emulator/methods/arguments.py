"""Parameters that several methods share: chats, messages, formatted text and files."""

import time
from collections.abc import Mapping
from typing import Any, Final, cast

from devtools.emulator.content.markup import FormattedText, parse_html, trimmed
from devtools.emulator.errors import bad_request
from devtools.emulator.methods.call import Call
from devtools.emulator.state.chats import Chat
from devtools.emulator.state.emulator_state import EmulatorState
from devtools.emulator.state.files import check_photo, check_voice, describe_media
from devtools.emulator.state.records import ChatMessage, Media, MediaKind, Version

MAX_TEXT: Final = 4096
"""Longest text of a message, in characters without markup."""

MAX_CAPTION: Final = 1024
"""Longest caption, in characters without markup."""


def read_chat(state: EmulatorState, call: Call) -> Chat:
    """Return the chat of a call.

    Raises:
        ApiError: missing, unknown, or blocked by its user.

    """
    return state.chats.for_bot(call.chat_id, call.text("chat_id"))


def read_own_message(state: EmulatorState, call: Call) -> tuple[Chat, ChatMessage]:
    """Return the message that a call edits.

    Raises:
        ApiError: unknown, deleted, or not the bot's.

    """
    chat = read_chat(state, call)
    if not call.integer("message_id"):
        raise bad_request("message identifier is not specified")
    message = chat.visible(call.integer("message_id"))
    if message is None:
        raise bad_request("message to edit not found")
    if not message.from_bot:
        raise bad_request("message can't be edited")
    return chat, message


def read_text(call: Call) -> FormattedText:
    """Read the text of a message.

    Raises:
        ApiError: absent, blank, too long, or with markup that cannot be parsed.

    """
    if not call.text("text"):
        raise bad_request("message text is empty")
    formatted = read_formatted(call.values, "text", call.json("entities"))
    if not formatted.text:
        raise bad_request("text must be non-empty")
    if len(formatted.text) > MAX_TEXT:
        raise bad_request("message is too long")
    return formatted


def read_caption(values: Mapping[str, Any], entities: object) -> FormattedText:
    """Read a caption, which may be empty.

    Raises:
        ApiError: too long, or with markup that cannot be parsed.

    """
    formatted = read_formatted(values, "caption", entities)
    if len(formatted.text) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    return formatted


def read_formatted(values: Mapping[str, Any], name: str, entities: object) -> FormattedText:
    """Read a text with its parse_mode, or with its entities.

    Raises:
        ApiError: markup that cannot be parsed, or Markdown, which is not supported.

    """
    source = str(values.get(name) or "")
    mode = str(values.get("parse_mode") or "").lower()
    if mode == "html":
        return trimmed(parse_html(source))
    if mode in {"markdown", "markdownv2"}:
        raise bad_request("the emulator does not support Markdown, use parse_mode HTML")
    if mode:
        raise bad_request("unsupported parse_mode")
    return trimmed(FormattedText(source, entities if isinstance(entities, list) else []))


def read_reply(chat: Chat, call: Call) -> int | None:
    """Return the id of the message that is replied to, from either parameter.

    Raises:
        ApiError: it does not exist, and sending without it is not allowed.

    """
    given = call.json("reply_parameters")
    values = given if isinstance(given, dict) else call.values
    name = "message_id" if isinstance(given, dict) else "reply_to_message_id"
    reply = Call(values=dict(values))
    message_id = reply.integer(name)
    if not message_id:
        return None
    if chat.visible(message_id):
        return message_id
    if reply.boolean("allow_sending_without_reply"):
        return None
    raise bad_request("message to be replied not found")


def read_media(
    state: EmulatorState, call: Call, kind: MediaKind, source: str, fields: Mapping[str, Any]
) -> Media:
    """Store an upload, or return a file that was sent before.

    Args:
        state: the emulator's state.
        call: the call with its uploads.
        kind: how the file is sent.
        source: a file_id, or "attach://" and the name of an upload.
        fields: duration, title and performer, if given.

    Raises:
        ApiError: no such file, or one that cannot be sent this way.

    """
    if not source.startswith("attach://"):
        return _known_file(state, kind, source)
    upload = call.files.get(source.removeprefix("attach://"))
    if upload is None:
        raise bad_request("can't parse InputMedia: media not found")
    if not upload.data:
        raise bad_request("file must be non-empty")
    if kind == "photo":
        check_photo(upload.data, state.config.photo_limit)
    if kind == "voice":
        check_voice(upload.data)
    options = Call(values=dict(fields))
    described = describe_media(
        kind,
        upload.data,
        file_name=None if kind in {"photo", "voice"} else upload.file_name,
        mime_type=None if kind in {"photo", "voice"} else upload.mime_type,
        duration=max(0, options.integer("duration")),
        title=options.text("title") or None,
        performer=options.text("performer") or None,
    )
    return state.files.add(described, upload.data, cast("int", call.chat_id))


def _known_file(state: EmulatorState, kind: MediaKind, source: str) -> Media:
    if source.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    stored = state.files.get(source)
    if stored is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    if stored.media.kind != kind:
        actual = stored.media.kind.capitalize()
        raise bad_request(f"can't use file of type {actual} as {kind.capitalize()}")
    return stored.media


def captioned(media: Media, caption: FormattedText, markup: dict[str, Any] | None) -> Version:
    """Build a version with a file and its caption."""
    return Version(
        at=time.time(),
        caption=caption.text or None,
        entities=caption.entities,
        media=media,
        reply_markup=markup,
    )
