"""A Bot API request, however its parameters came."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import BodyPartReader, web

from devtools.emulator.errors import ApiError, bad_request

_TRUE: Final = frozenset({"true", "yes", "1"})
_CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a request."""

    file_name: str
    mime_type: str | None
    data: bytes


@dataclass(slots=True)
class Call:
    """Parameters by name: strings from forms, anything from JSON; files apart."""

    values: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Give a parameter as a string, empty when it is absent."""
        value = self.values.get(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value)

    def required(self, name: str) -> str:
        """Give a parameter as a string.

        Raises:
            ApiError: absent or empty.

        """
        if value := self.text(name):
            return value
        raise bad_request(f'parameter "{name}" is required')

    def integer(self, name: str, default: int = 0) -> int:
        """Give a parameter as an integer; what is no integer counts as absent, as in Telegram."""
        number = _integer(self.values.get(name))
        return default if number is None else number

    def boolean(self, name: str) -> bool:
        """Give a parameter as a truth value, false when it is absent."""
        return self.text(name).lower() in _TRUE

    def json(self, name: str) -> Any:
        """Give an object or array, from JSON or as a string of JSON; None when absent.

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
        """The chat that the call is about, if it names one by number."""
        return _integer(self.values.get("chat_id"))


async def read_call(request: web.Request, limit: int) -> Call:
    """Read the query and the body: urlencoded, multipart or JSON.

    Args:
        request: the HTTP request.
        limit: largest body, in bytes.

    Raises:
        ApiError: a body that is too large (413) or not what its type says (400).

    """
    call = Call(values=dict(request.query))
    if (request.content_length or 0) > limit:
        raise ApiError(413, "Request Entity Too Large")
    kind = request.content_type
    if kind == "multipart/form-data":
        await _read_multipart(request, call, limit)
    elif kind == "application/json":
        call.values |= await _read_json(request)
    elif kind == "application/x-www-form-urlencoded":
        call.values |= {name: str(value) for name, value in (await request.post()).items()}
    return call


async def _read_json(request: web.Request) -> dict[str, Any]:
    body = await request.read()
    if not body.strip():
        return {}
    try:
        values = json.loads(body)
    except ValueError as error:
        raise bad_request("can't parse the request's JSON object") from error
    if not isinstance(values, dict):
        raise bad_request("expected an Object as the request's JSON")
    return {name: value for name, value in values.items() if value is not None}


async def _read_multipart(request: web.Request, call: Call, limit: int) -> None:
    # aiohttp's own post() would leave temporary files behind for the collector to close.
    left = limit
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        data = bytearray()
        while chunk := await part.read_chunk(_CHUNK):
            data += chunk
            left -= len(chunk)
            if left < 0:
                raise ApiError(413, "Request Entity Too Large")
        if part.filename is None:
            call.values[part.name] = data.decode("utf-8", "replace")
        else:
            mime = part.headers.get("Content-Type")
            call.files[part.name] = Upload(part.filename, mime, bytes(data))


def _integer(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        return int(value)
    except ValueError:
        return None
