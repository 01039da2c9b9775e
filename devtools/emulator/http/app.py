"""The Bot API over HTTP."""

import asyncio
from typing import Any, Final

from aiohttp import web

from devtools.emulator.errors import ApiError, too_many_requests
from devtools.emulator.http.app_keys import STATE
from devtools.emulator.http.call_reader import read_call
from devtools.emulator.http.control import add_control_routes
from devtools.emulator.http.downloads import download
from devtools.emulator.http.responses import drop_connection, refusal, server_error
from devtools.emulator.methods import METHODS
from devtools.emulator.methods.call import Call
from devtools.emulator.state.emulator_state import EmulatorState
from devtools.emulator.state.faults import Fault

CONTROL_BODY_LIMIT: Final = 2 << 30
"""Largest request body in bytes; people can send files of 2 GB."""

_WRITING: Final = ("send", "edit")
_NOT_WRITING: Final = "sendChatAction"


def build_app(state: EmulatorState) -> web.Application:
    """Build the application: Bot API, file downloads and control routes.

    Args:
        state: may also be used by the caller while the application runs; waiting polls
            end when the application shuts down.

    """
    app = web.Application(client_max_size=CONTROL_BODY_LIMIT)
    app[STATE] = state
    app.router.add_route("*", "/bot{token}/{method}", _bot_method)
    app.router.add_get("/file/bot{token}/{path:.+}", download)
    add_control_routes(app)
    app.on_shutdown.append(_end_waits)
    return app


async def _end_waits(app: web.Application) -> None:
    await app[STATE].close()


async def _bot_method(request: web.Request) -> web.StreamResponse:
    state = request.app[STATE]
    if request.match_info["token"] != state.config.token:
        return refusal(ApiError(401, "Unauthorized"))
    if request.match_info["method"].lower() not in METHODS:
        return refusal(ApiError(404, "Not Found"))
    name, handler = METHODS[request.match_info["method"].lower()]
    state.calls[name] += 1
    fault: Fault | None = None
    try:
        call = await read_call(request, state.config.upload_limit)
        fault = state.faults.take(name, call.chat_id)
        if fault and fault.kind == "drop":
            return drop_connection(request)
        if fault:
            await _apply_fault(fault)
        _charge(state, name, call)
        result = await handler(state, call)
    except ApiError as error:
        state.errors[name][error.description] += 1
        return refusal(error)
    if fault and fault.kind == "drop_after":
        return drop_connection(request)
    return _success(result)


async def _apply_fault(fault: Fault) -> None:
    if fault.kind == "delay":
        await asyncio.sleep(fault.seconds)
    elif fault.kind == "retry_after":
        raise too_many_requests(fault.retry_after)
    elif fault.kind == "server_error":
        raise server_error(fault.status)


def _charge(state: EmulatorState, name: str, call: Call) -> None:
    if name.startswith(_WRITING) and name != _NOT_WRITING and call.chat_id is not None:
        state.limiter.charge(call.chat_id)


def _success(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})
