"""Error responses and dropped connections, for the Bot API and downloads."""

from http import HTTPStatus

from aiohttp import web

from devtools.emulator.errors import ApiError
from devtools.emulator.state.records import JsonObject


def refusal(error: ApiError) -> web.Response:
    """Build the response of a failed call."""
    body: JsonObject = {
        "ok": False,
        "error_code": error.code,
        "description": error.description,
    }
    if error.retry_after is not None:
        body["parameters"] = {"retry_after": error.retry_after}
    return web.json_response(body, status=error.code)


def server_error(status: int) -> ApiError:
    """Build a 5xx as Telegram's proxies send it."""
    return ApiError(status, HTTPStatus(status).phrase)


def drop_connection(request: web.Request) -> web.Response:
    """Close the connection; the returned response is not sent."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
