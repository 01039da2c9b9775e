"""The Bot API's objects, as JSON."""

from devtools.emulator.state.chats import Chat
from devtools.emulator.state.records import (
    CallbackQuery,
    ChatMessage,
    JsonObject,
    Media,
    User,
)


def user_object(user: User) -> JsonObject:
    """Build a User."""
    return user.model_dump(exclude_none=True, exclude={"language_code"} if user.is_bot else None)


def chat_object(chat: Chat) -> JsonObject:
    """Build a Chat: private, supergroup (ids below -10^12) or group."""
    if chat.is_private:
        person = {"first_name": chat.member.first_name, "username": chat.member.username}
        known = {name: value for name, value in person.items() if value}
        return {"id": chat.id, "type": "private", **known}
    kind = "supergroup" if str(chat.id).startswith("-100") else "group"
    return {"id": chat.id, "type": kind, "title": f"Group {chat.id}"}


def message_object(chat: Chat, message: ChatMessage, *, with_reply: bool = True) -> JsonObject:
    """Build a Message; the message it replies to comes along, but not that one's own."""
    now = message.current
    built: JsonObject = {
        "message_id": message.message_id,
        "from": user_object(message.sender),
        "chat": chat_object(chat),
        "date": int(message.versions[0].at),
    }
    if len(message.versions) > 1:
        built["edit_date"] = int(now.at)
    if message.media_group_id:
        built["media_group_id"] = message.media_group_id
    replied = chat.visible(message.reply_to) if message.reply_to and with_reply else None
    if replied:
        built["reply_to_message"] = message_object(chat, replied, with_reply=False)
    words, entities = ("caption", "caption_entities") if now.media else ("text", "entities")
    if said := now.caption if now.media else now.text:
        built[words] = said
        if now.entities:
            built[entities] = now.entities
    if now.media:
        built |= media_fields(now.media)
    if now.reply_markup and "inline_keyboard" in now.reply_markup:
        built["reply_markup"] = now.reply_markup
    return built


def media_fields(media: Media) -> JsonObject:
    """Build the field of a Message that holds its file."""
    common = {
        "file_id": media.file_id,
        "file_unique_id": media.file_unique_id,
        "file_size": media.file_size,
    }
    sides = {"width": media.width, "height": media.height}
    if media.kind == "photo":
        # Telegram adds smaller copies; here the photo is kept as it came.
        return {"photo": [common | sides]}
    named: JsonObject = {"mime_type": media.mime_type}
    if media.kind != "voice":
        named["file_name"] = media.file_name
    if media.kind == "audio":
        named |= {"title": media.title, "performer": media.performer}
    built = common | {name: value for name, value in named.items() if value is not None}
    if media.kind != "document":
        built["duration"] = media.duration
    if media.kind == "video":
        built |= sides
    return {media.kind: built}


def callback_object(chat: Chat, message: ChatMessage, query: CallbackQuery) -> JsonObject:
    """Build a CallbackQuery."""
    return {
        "id": query.id,
        "from": user_object(query.user),
        "message": message_object(chat, message),
        "chat_instance": str(chat.id),
        "data": query.data,
    }
