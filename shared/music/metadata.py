"""The JSON file beside a model file, which describes it and holds its checksum."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.errors import ModelError


class FileMetadata(BaseModel):
    """Metadata of one model file; a base class.

    Attributes:
        schema_version: version of the fields.
        name: name of the model.
        sha256: checksum of the model file, in hexadecimal.
        size_bytes: size of the model file.

    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ClassVar[str] = "model"
    """What error messages call the file."""
    remedy: ClassVar[str] = "train the model again with this release"
    """How to get metadata that this release understands."""

    schema_version: int
    name: str = Field(min_length=1)
    sha256: str
    size_bytes: int

    @classmethod
    def of(cls, content: bytes, fields: Mapping[str, object]) -> Self:
        """Make the metadata of a model file.

        Args:
            content: the file's content.
            fields: all fields except the checksum, the size and the schema version.

        """
        checksum = {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
        return cls.model_validate({**fields, **checksum})

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a metadata file.

        Raises:
            ModelError: it cannot be read, or this release does not understand it.

        """
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise ModelError(
                f"The {cls.kind}'s metadata {path} cannot be read ({error.strerror}): "
                f"a {cls.kind} is only used together with its metadata."
            ) from error
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "the whole file"
            raise ModelError(
                f"The {cls.kind}'s metadata {path} is not what this release understands "
                f"({where}: {first['msg']}): {cls.remedy}."
            ) from error

    def read_content(self, path: Path) -> bytes:
        """Read the model file that this metadata describes.

        Raises:
            ModelError: it cannot be read, or its size or checksum differs.

        """
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelError(
                f"The {self.kind}'s file {path} cannot be read ({error.strerror})."
            ) from error
        if len(content) != self.size_bytes or hashlib.sha256(content).hexdigest() != self.sha256:
            raise ModelError(
                f"The {self.kind}'s file {path} is not the one that the metadata of {self.name} "
                "describes (its checksum differs): put back both files as they were written."
            )
        return content
