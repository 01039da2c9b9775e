"""Types of chats and messages, shared by the emulator and its client.

Times are in seconds since the epoch.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from typing_extensions import TypedDict  # the standard one lacks what pydantic needs on Python 3.11

JsonObject = dict[str, Any]
MediaKind = Literal["photo", "audio", "voice", "video", "document"]
EventKind = Literal["message", "edit", "delete", "action", "press", "answer"]


class User(BaseModel):
    """A person or the bot."""

    model_config = ConfigDict(frozen=True)

    id: int
    first_name: str = "Listener"
    username: str | None = None
    language_code: str | None = "en"
    is_bot: bool = False


class Media(BaseModel):
    """A file in a message; sizes in bytes and pixels, durations in seconds."""

    model_config = ConfigDict(frozen=True)

    kind: MediaKind
    file_id: str
    file_unique_id: str
    file_size: int
    file_name: str | None = None
    mime_type: str | None = None
    duration: int = 0
    width: int = 0
    height: int = 0
    title: str | None = None
    performer: str | None = None


class MediaOptions(TypedDict, total=False):
    """Options of a file that a person sends.

    ``file_size`` is the size to report, for simulated large files; ``duration`` is in
    seconds; ``user_id`` names the sender and is needed in groups only.
    """

    file_name: str
    mime_type: str
    duration: int
    title: str
    performer: str
    caption: str
    file_size: int
    media_group_id: str
    reply_to: int
    user_id: int


class Version(BaseModel):
    """Content of a message from time ``at`` on: a text, or a file with a caption."""

    model_config = ConfigDict(frozen=True)

    at: float
    text: str | None = None
    caption: str | None = None
    entities: list[JsonObject] = []
    media: Media | None = None
    reply_markup: JsonObject | None = None


class Button(BaseModel):
    """An inline button; buttons that open a link have no ``data``."""

    model_config = ConfigDict(frozen=True)

    text: str
    data: str | None = None
    url: str | None = None


class ChatMessage(BaseModel):
    """A message with all its versions, oldest first."""

    message_id: int
    chat_id: int
    sender: User
    versions: list[Version]
    reply_to: int | None = None
    media_group_id: str | None = None
    deleted_at: float | None = None

    @property
    def current(self) -> Version:
        """The latest version."""
        return self.versions[-1]

    @property
    def text(self) -> str | None:
        """Plain text of a text message."""
        return self.current.text

    @property
    def caption(self) -> str | None:
        """Plain caption under a file."""
        return self.current.caption

    @property
    def shown(self) -> str:
        """The text or the caption; empty where there is none."""
        return self.current.text or self.current.caption or ""

    @property
    def media(self) -> Media | None:
        """The file of the message."""
        return self.current.media

    @property
    def from_bot(self) -> bool:
        """Whether the bot sent it."""
        return self.sender.is_bot

    @property
    def deleted(self) -> bool:
        """Whether it was deleted."""
        return self.deleted_at is not None

    @property
    def buttons(self) -> list[Button]:
        """Inline buttons, row by row."""
        rows = (self.current.reply_markup or {}).get("inline_keyboard", [])
        return [
            Button(text=cell["text"], data=cell.get("callback_data"), url=cell.get("url"))
            for row in rows
            for cell in row
        ]

    def snapshot(self) -> "ChatMessage":
        """Return a copy that later edits do not change."""
        return self.model_copy(update={"versions": list(self.versions)})


class CallbackAnswer(BaseModel):
    """The answer to a pressed button."""

    model_config = ConfigDict(frozen=True)

    at: float
    text: str | None = None
    show_alert: bool = False


class CallbackQuery(BaseModel):
    """A pressed button and the answers to it."""

    id: str
    user: User
    chat_id: int
    message_id: int
    data: str
    at: float
    answers: list[CallbackAnswer] = []


class ChatAction(BaseModel):
    """A chat action such as "typing"."""

    model_config = ConfigDict(frozen=True)

    at: float
    action: str


class ChatEvent(BaseModel):
    """One change of a chat; ``message`` is the message right after it.

    ``sequence`` counts over all chats, so that readers can ask for later events.
    """

    model_config = ConfigDict(frozen=True)

    sequence: int
    at: float
    chat_id: int
    kind: EventKind
    message: ChatMessage | None = None
    action: str | None = None
    callback: CallbackQuery | None = None
