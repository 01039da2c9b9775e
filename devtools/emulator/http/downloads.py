"""File downloads, with faults on request."""

import asyncio
import contextlib
from typing import Final

from aiohttp import web

from devtools.emulator.errors import ApiError, too_many_requests
from devtools.emulator.http.app_keys import STATE
from devtools.emulator.http.responses import drop_connection, refusal, server_error
from devtools.emulator.state.faults import DOWNLOAD, Fault

_CHUNK: Final = 1 << 16
_SLOW_STEPS_PER_SECOND: Final = 10


async def download(request: web.Request) -> web.StreamResponse:
    """Handle ``/file/bot<token>/<file_path>``."""
    state = request.app[STATE]
    if request.match_info["token"] != state.config.token:
        return refusal(ApiError(401, "Unauthorized"))
    stored = state.files.at(request.match_info["path"])
    if stored is None or stored.media.file_size > state.config.download_limit:
        return refusal(ApiError(404, "Not Found"))
    state.calls[DOWNLOAD] += 1
    fault = state.faults.take(DOWNLOAD, stored.chat_id)
    if fault and (failure := _failure(fault)):
        state.errors[DOWNLOAD][failure.description] += 1
        return refusal(failure)
    if fault and fault.kind == "drop":
        return drop_connection(request)
    if fault and fault.kind == "delay":
        await asyncio.sleep(fault.seconds)
    response = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
    # The bot may close the connection early.
    with contextlib.suppress(ConnectionResetError):
        await _send(request, response, stored.data, fault)
    if fault and fault.kind in {"truncate", "drop_after"} and request.transport is not None:
        # Unlike abort(), close() flushes first.
        request.transport.close()
    return response


def _failure(fault: Fault) -> ApiError | None:
    if fault.kind == "retry_after":
        return too_many_requests(fault.retry_after)
    if fault.kind == "server_error":
        return server_error(fault.status)
    return None


async def _send(
    request: web.Request, response: web.StreamResponse, data: bytes, fault: Fault | None
) -> None:
    response.content_length = len(data)
    await response.prepare(request)
    size, pause, end = _CHUNK, 0.0, len(data)
    if fault and fault.kind == "slow_download":
        size = max(1, fault.bytes_per_second // _SLOW_STEPS_PER_SECOND)
        pause = size / fault.bytes_per_second
    if fault and fault.kind == "truncate":
        end = int(len(data) * fault.fraction)
    for start in range(0, end, size):
        await response.write(data[start : min(start + size, end)])
        await asyncio.sleep(pause)
