"""A call of a Bot API method: its parameters and uploaded files."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from devtools.emulator.errors import bad_request

_TRUE: Final = frozenset({"true", "yes", "1"})


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was uploaded with a call."""

    file_name: str
    mime_type: str | None
    data: bytes


@dataclass(slots=True)
class Call:
    """Parameters by name (strings from forms, any type from JSON) and files by name."""

    values: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return a parameter as a string, empty where it is absent."""
        value = self.values.get(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value)

    def required(self, name: str) -> str:
        """Return a parameter as a string.

        Raises:
            ApiError: absent or empty.

        """
        if value := self.text(name):
            return value
        raise bad_request(f'parameter "{name}" is required')

    def integer(self, name: str, default: int = 0) -> int:
        """Return a parameter as an integer; other values count as absent, as in Telegram."""
        number = _integer(self.values.get(name))
        return default if number is None else number

    def boolean(self, name: str) -> bool:
        """Return a parameter as a boolean, false where it is absent."""
        return self.text(name).lower() in _TRUE

    def json(self, name: str) -> Any:
        """Return an object or array, given as JSON or as a string of JSON; None where absent.

        Raises:
            ApiError: not JSON.

        """
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError as error:
            raise bad_request(f"can't parse {name} JSON object") from error

    @property
    def chat_id(self) -> int | None:
        """The call's chat, where it is given as a number."""
        return _integer(self.values.get("chat_id"))


def _integer(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        return int(value)
    except ValueError:
        return None
