"""What a user sent."""

from hashlib import blake2b
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Track(BaseModel):
    """A file that a user sent, as Telegram describes it. Only the ids can be relied upon."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bot_id: int
    chat_id: int
    message_id: int
    user_id: int | None = None
    """Absent where a message was sent in the name of a chat."""
    file_id: str
    """Fetches the file, for this bot only."""
    file_unique_id: str | None = None
    """The same for the same file, whoever sends it and to which bot; cannot fetch it."""
    kind: Literal["audio", "voice", "video", "video_note", "document"]
    file_name: str | None = None
    mime_type: str | None = None
    file_size: int | None = None
    """Bytes."""
    duration_s: float | None = None
    """Seconds, as the sender's app claims."""
    title: str | None = None

    @property
    def job_id(self) -> str:
        """24 hexadecimal digits, the same for the same message: an update seen twice is one job."""
        source = f"{self.bot_id}/{self.chat_id}/{self.message_id}"
        return blake2b(source.encode(), digest_size=12).hexdigest()

    @property
    def user(self) -> str:
        """Identifies the user across chats. Falls back to the chat id where no user is named."""
        return user_of(self.bot_id, self.chat_id if self.user_id is None else self.user_id)

    @property
    def label(self) -> str | None:
        """Title or file name, whichever is known."""
        return self.title or self.file_name


def user_of(bot_id: int, user_id: int) -> str:
    """Return how a user of a bot is named in Redis, as ``Track.user`` does."""
    return f"{bot_id}/{user_id}"
