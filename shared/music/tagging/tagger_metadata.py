"""What is known about the tagger's network, as it stands in the JSON file beside it."""

import hashlib
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import ModelError


class Origin(BaseModel):
    """The published file that the network was converted from; checksums are SHA-256."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    package: str
    version: str
    file: str
    file_sha256: str
    checkpoint_sha256: str
    checkpoint_index_sha256: str
    licence: str
    citation: str


class TaggerMetadata(BaseModel):
    """The description of one network file.

    ``input`` says in words what the network hears; ``tags`` are its outputs, in its order.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    name: str
    origin: Origin
    input: str
    tags: tuple[str, ...]
    sha256: str
    size_bytes: int

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a description.

        Raises:
            ModelError: it is missing, or not one that this release understands.

        """
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise ModelError(
                f"The tagger's description {path} cannot be read ({error.strerror}): "
                "a network is only used together with the description made with it."
            ) from error
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "the whole"
            raise ModelError(
                f"The tagger's description {path} is not one that this release understands "
                f"({where}: {first['msg']}): convert the network again with this release."
            ) from error

    def check(self, content: bytes) -> None:
        """Hold a network file against its description.

        Raises:
            ModelError: it is another file, or not the whole of it.

        """
        if len(content) != self.size_bytes or hashlib.sha256(content).hexdigest() != self.sha256:
            raise ModelError(
                f"The tagger's file is not the one that the description of {self.name} is of "
                "(its checksum differs): put back the pair as the converter wrote it."
            )
