"""Routes under /_emulator: actions of people, contents of chats, and faults.

Bodies are JSON, except uploads, which are multipart with a part named "file". A refused action
returns 400 or 404 with {"error": "..."}.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, Final, cast, get_args

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from devtools.emulator.config import RateLimits
from devtools.emulator.errors import ApiError, ImpossibleActionError
from devtools.emulator.http.app_keys import STATE
from devtools.emulator.http.call_reader import read_call
from devtools.emulator.state.faults import Fault
from devtools.emulator.state.records import MediaKind, MediaOptions, User

PREFIX: Final = "/_emulator"
LONGEST_WAIT_S: Final = 60.0
"""Longest wait for an event in one request, in seconds."""

_OPTIONS: Final = TypeAdapter(MediaOptions)
_LIMITS: Final = TypeAdapter(RateLimits)
_View = Callable[[web.Request], Awaitable[web.Response]]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TextBody(_Body):
    """A text to send."""

    text: str = Field(min_length=1)
    user_id: int | None = None
    reply_to: int | None = None


class PressBody(_Body):
    """A button to press."""

    message_id: int
    data: str
    user_id: int | None = None


class EditBody(_Body):
    """A text to edit."""

    message_id: int
    text: str = Field(min_length=1)


class BlockBody(_Body):
    """Whether the bot is blocked."""

    blocked: bool = True


def add_control_routes(app: web.Application) -> None:
    """Add the control routes."""
    chat = PREFIX + r"/chats/{chat_id:-?\d+}"
    kinds = "|".join(get_args(MediaKind))
    routes: list[tuple[str, str, _View]] = [
        ("GET", f"{PREFIX}/health", _health),
        ("GET", f"{PREFIX}/chats", _list_chats),
        ("PUT", f"{PREFIX}/users", _introduce),
        ("GET", f"{chat}/messages", _list_messages),
        ("POST", f"{chat}/text", _send_text),
        ("POST", f"{chat}/media/{{kind:{kinds}}}", _send_media),
        ("POST", f"{chat}/press", _press),
        ("POST", f"{chat}/edit", _edit),
        ("POST", f"{chat}/block", _block),
        ("GET", rf"{chat}/messages/{{message_id:\d+}}/content", _content),
        ("GET", f"{PREFIX}/callbacks/{{id}}", _callback),
        ("GET", f"{PREFIX}/events", _events),
        ("POST", f"{PREFIX}/faults", _add_fault),
        ("GET", f"{PREFIX}/faults", _list_faults),
        ("DELETE", f"{PREFIX}/faults", _clear_faults),
        ("PUT", f"{PREFIX}/limits", _set_limits),
        ("DELETE", f"{PREFIX}/limits", _lift_limits),
        ("GET", f"{PREFIX}/calls", _calls),
        ("POST", f"{PREFIX}/reset", _reset),
    ]
    for method, path, view in routes:
        app.router.add_route(method, path, _refusing(view))


def _refusing(view: _View) -> _View:
    async def answer(request: web.Request) -> web.Response:
        try:
            return await view(request)
        except ImpossibleActionError as error:
            return web.json_response({"error": str(error)}, status=404)
        except ApiError as error:
            return web.json_response({"error": error.description}, status=error.code)
        except ValidationError as error:
            return web.json_response({"error": str(error)}, status=400)

    return answer


def _chat_id(request: web.Request) -> int:
    return int(request.match_info["chat_id"])


def _model(model: BaseModel) -> web.Response:
    return web.json_response(model.model_dump(mode="json"))


def _number(request: web.Request, name: str, default: float) -> float:
    try:
        return float(request.query.get(name, default))
    except ValueError as error:
        raise ApiError(400, f"{name} must be a number") from error


def _done(**fields: Any) -> web.Response:
    return web.json_response({"ok": True, **fields})


async def _health(request: web.Request) -> web.Response:
    return _done(bot=request.app[STATE].bot.username)


async def _list_chats(request: web.Request) -> web.Response:
    return web.json_response({"chats": request.app[STATE].chats.ids()})


async def _introduce(request: web.Request) -> web.Response:
    request.app[STATE].chats.introduce(User.model_validate_json(await request.read()))
    return _done()


async def _list_messages(request: web.Request) -> web.Response:
    state = request.app[STATE]
    messages = state.messages(_chat_id(request))
    # With the sequence a client asks for later events, and misses none between requests.
    return web.json_response(
        {
            "sequence": state.chats.events.sequence,
            "messages": [message.model_dump(mode="json") for message in messages],
        }
    )


async def _send_text(request: web.Request) -> web.Response:
    body = TextBody.model_validate_json(await request.read())
    message = request.app[STATE].send_text(
        _chat_id(request), body.text, user_id=body.user_id, reply_to=body.reply_to
    )
    return _model(message)


async def _send_media(request: web.Request) -> web.Response:
    call = await read_call(request, request.client_max_size)
    if "file" not in call.files:
        raise ApiError(400, 'a part named "file" is required')
    upload = call.files["file"]
    options = _OPTIONS.validate_python(call.values)
    kind = cast("MediaKind", request.match_info["kind"])
    return _model(request.app[STATE].send_media(_chat_id(request), kind, upload.data, **options))


async def _press(request: web.Request) -> web.Response:
    body = PressBody.model_validate_json(await request.read())
    query = request.app[STATE].press(
        _chat_id(request), body.message_id, body.data, user_id=body.user_id
    )
    return _model(query)


async def _edit(request: web.Request) -> web.Response:
    body = EditBody.model_validate_json(await request.read())
    return _model(request.app[STATE].edit_text(_chat_id(request), body.message_id, body.text))


async def _block(request: web.Request) -> web.Response:
    body = BlockBody.model_validate_json(await request.read() or b"{}")
    request.app[STATE].block(_chat_id(request), blocked=body.blocked)
    return _done()


async def _content(request: web.Request) -> web.Response:
    message_id = int(request.match_info["message_id"])
    data = request.app[STATE].content(_chat_id(request), message_id)
    return web.Response(body=data, content_type="application/octet-stream")


async def _callback(request: web.Request) -> web.Response:
    query = request.app[STATE].chats.callbacks.get(request.match_info["id"])
    if query is None:
        raise ImpossibleActionError("no button was pressed under this id")
    return _model(query)


async def _events(request: web.Request) -> web.Response:
    chat_id = _number(request, "chat_id", 0)
    events = await request.app[STATE].chats.events.wait(
        int(_number(request, "after", 0)),
        int(chat_id) or None,
        timeout=min(_number(request, "timeout", 0), LONGEST_WAIT_S),
    )
    return web.json_response({"events": [event.model_dump(mode="json") for event in events]})


async def _add_fault(request: web.Request) -> web.Response:
    request.app[STATE].faults.add(Fault.model_validate_json(await request.read()))
    return _done()


async def _list_faults(request: web.Request) -> web.Response:
    waiting = request.app[STATE].faults.waiting()
    return web.json_response({"faults": [fault.model_dump(mode="json") for fault in waiting]})


async def _clear_faults(request: web.Request) -> web.Response:
    request.app[STATE].faults.clear()
    return _done()


async def _set_limits(request: web.Request) -> web.Response:
    limits = _LIMITS.validate_json(await request.read() or b"{}")
    request.app[STATE].limiter.switch(limits)
    return _done(limits=asdict(limits))


async def _lift_limits(request: web.Request) -> web.Response:
    request.app[STATE].limiter.switch(None)
    return _done()


async def _calls(request: web.Request) -> web.Response:
    state = request.app[STATE]
    return web.json_response({"calls": state.calls, "errors": state.errors})


async def _reset(request: web.Request) -> web.Response:
    request.app[STATE].reset()
    return _done()
