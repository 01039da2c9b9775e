"""The messages that cross the queue.

They carry ids and small facts, never arrays. Each names its schema version: a worker that is
older than the sender refuses a message that it does not know, rather than guess.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION: Final = 1

JobId = Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]


class Message(BaseModel):
    """Base of every message: frozen, versioned, without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = SCHEMA_VERSION

    def wire(self) -> dict[str, object]:
        """Return the message as JSON types, for ``send_task(kwargs={"message": ...})``."""
        return self.model_dump(mode="json")


class JobMessage(Message):
    """A task of a job. Everything else about the job is in Redis."""

    job_id: JobId


class SegmentMessage(JobMessage):
    """A task on one segment of a job's audio, or on the slice that starts with it."""

    segment: Annotated[int, Field(ge=0)]
