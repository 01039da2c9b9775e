"""Metadata of the tagger's network, the JSON file beside it."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from shared.music.metadata import FileMetadata


class Origin(BaseModel):
    """The published file that the network was converted from. Checksums are SHA-256."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    package: str
    version: str
    file: str
    file_sha256: str
    checkpoint_sha256: str
    checkpoint_index_sha256: str
    licence: str
    citation: str


class TaggerMetadata(FileMetadata):
    """Metadata of one network file.

    ``input`` describes the network's input in words; ``tags`` are its outputs, in its order.
    """

    kind: ClassVar[str] = "tagger"
    remedy: ClassVar[str] = "convert the network again with this release"

    schema_version: Literal[1] = 1
    origin: Origin
    input: str
    tags: tuple[str, ...]
