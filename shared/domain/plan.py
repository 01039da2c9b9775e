"""How a track is divided into chunks and segments."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field


class Plan(BaseModel):
    """Number and size of a track's chunks and segments.

    Until the end has been decoded, the length is what the file's header says.
    """

    model_config = ConfigDict(frozen=True)

    duration_s: float
    """Length of the track in seconds."""
    n_chunks: Annotated[int, Field(ge=1)]
    n_segments: Annotated[int, Field(ge=1)]
    segment_chunks: Annotated[int, Field(ge=1)]
    """Chunks in one segment; the last may have fewer."""
    columns_per_chunk: Annotated[int, Field(ge=1)]
    """Columns of the mel preview for each chunk."""
    complete: bool = True
    """Whether the end has been decoded; until then length and counts are estimates."""

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
        """Divide ``n_chunks`` chunks into segments of ``segment_chunks``."""
        return cls(
            duration_s=duration_s,
            n_chunks=n_chunks,
            n_segments=-(-n_chunks // segment_chunks),
            segment_chunks=segment_chunks,
            columns_per_chunk=columns,
            complete=complete,
        )
