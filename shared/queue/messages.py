"""The messages that cross the queue.

They carry ids and small facts, never arrays. Each names its schema version: a worker
that is older than the bot refuses what it does not know instead of guessing.
"""

from hashlib import blake2b
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from shared.music.constants import CHUNK_SECONDS

SCHEMA_VERSION: Final = 1

JobId = Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]


class Message(BaseModel):
    """Base of everything on the queue: frozen, versioned, nothing unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = SCHEMA_VERSION

    def wire(self) -> dict[str, object]:
        """The message as JSON types, for ``send_task(kwargs={"message": ...})``."""
        return self.model_dump(mode="json")


class Track(Message):
    """What a person sent, as Telegram describes it; nothing of it is trusted but the ids."""

    bot_id: int
    chat_id: int
    message_id: int
    user_id: int | None = None
    file_id: str
    file_unique_id: str | None = None
    """The same for the same file, whoever sends it and to which bot; none can be fetched by it."""
    kind: Literal["audio", "voice", "video", "video_note", "document"]
    file_name: str | None = None
    mime_type: str | None = None
    file_size: int | None = None
    duration_s: float | None = None
    title: str | None = None

    @property
    def job_id(self) -> str:
        """The same for the same message, so that an update seen twice is one job."""
        source = f"{self.bot_id}/{self.chat_id}/{self.message_id}"
        return blake2b(source.encode(), digest_size=12).hexdigest()

    @property
    def person(self) -> str:
        """Who is served: a person is the same in every chat; who has no name is their chat."""
        return f"{self.bot_id}/{self.chat_id if self.user_id is None else self.user_id}"

    @property
    def label(self) -> str | None:
        """What to call the track when speaking to people."""
        return self.title or self.file_name


class JobMessage(Message):
    """A step of a job. Everything else about the job stands in its state."""

    job_id: JobId


class SegmentMessage(JobMessage):
    """A step on one segment of a job's audio."""

    segment: Annotated[int, Field(ge=0)]


class Plan(BaseModel):
    """How a track is cut. Its length is the file's own word until the end has been decoded."""

    model_config = ConfigDict(frozen=True)

    duration_s: float
    n_chunks: Annotated[int, Field(ge=1)]
    n_segments: Annotated[int, Field(ge=1)]
    segment_chunks: Annotated[int, Field(ge=1)]
    columns_per_chunk: Annotated[int, Field(ge=1)]
    complete: bool = True
    """Whether the end has been decoded; until then all but the last two are an estimate."""

    def spans(self) -> list[tuple[float, float]]:
        """Start and end of every chunk, in seconds.

        A track below one chunk was repeated to fill it; its only chunk ends where it does.
        """
        if self.duration_s < CHUNK_SECONDS:
            return [(0.0, self.duration_s)]
        starts = (float(k * CHUNK_SECONDS) for k in range(self.n_chunks))
        return [(start, start + CHUNK_SECONDS) for start in starts]

    @classmethod
    def of(
        cls,
        *,
        duration_s: float,
        n_chunks: int,
        segment_chunks: int,
        columns: int,
        complete: bool = True,
    ) -> Self:
        """Cut ``n_chunks`` chunks into segments of ``segment_chunks``."""
        return cls(
            duration_s=duration_s,
            n_chunks=n_chunks,
            n_segments=-(-n_chunks // segment_chunks),
            segment_chunks=segment_chunks,
            columns_per_chunk=columns,
            complete=complete,
        )
