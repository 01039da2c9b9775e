"""Reads the parameters and files of a call from an HTTP request."""

import json
from typing import Any, Final

from aiohttp import BodyPartReader, web

from devtools.emulator.errors import ApiError, bad_request
from devtools.emulator.methods.call import Call, Upload

_CHUNK: Final = 1 << 16


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
