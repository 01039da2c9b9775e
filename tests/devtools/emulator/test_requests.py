"""Requests as programs other than aiogram send them."""

import aiohttp
import pytest

from devtools.emulator import Emulator
from tests.devtools.emulator.samples import png

CHAT = 7


async def answer(response: aiohttp.ClientResponse) -> tuple[int, dict[str, object]]:
    """Read status and body."""
    return response.status, await response.json()


@pytest.fixture
def base(emulator: Emulator) -> str:
    """The address of the Bot API, with a chat that has begun."""
    emulator.state.send_text(CHAT, "/start")
    return f"{emulator.base_url}/bot{emulator.token}"


async def test_unknown_method(base: str, http: aiohttp.ClientSession) -> None:
    """A method that is not there gets 404 in JSON."""
    async with http.get(f"{base}/getNothing") as response:
        refused = {"ok": False, "error_code": 404, "description": "Not Found"}
        assert await answer(response) == (404, refused)


@pytest.mark.parametrize("path", ["/bot1:x/getMe", "/file/bot1:x/music/file_0.mp3"])
async def test_wrong_token(emulator: Emulator, http: aiohttp.ClientSession, path: str) -> None:
    """Another token is let in neither to methods nor to files."""
    async with http.get(emulator.base_url + path) as response:
        refused = {"ok": False, "error_code": 401, "description": "Unauthorized"}
        assert await answer(response) == (401, refused)


async def test_unknown_file(emulator: Emulator, http: aiohttp.ClientSession) -> None:
    """A path that getFile never gave leads nowhere."""
    async with http.get(f"{emulator.base_url}/file/bot{emulator.token}/music/x.mp3") as response:
        assert response.status == 404


async def test_every_way_to_send_parameters(
    base: str, http: aiohttp.ClientSession, emulator: Emulator
) -> None:
    """Query, urlencoded form, JSON and multipart say the same; names do not mind the case."""
    values = {"chat_id": str(CHAT), "text": "x"}
    with aiohttp.MultipartWriter("form-data") as multipart:
        for name, value in values.items():
            multipart.append(value).set_content_disposition("form-data", name=name)
    requests = [
        http.get(f"{base}/sendmessage", params=values),
        http.post(f"{base}/sendMessage", data=values),
        http.post(f"{base}/sendMessage", json={"chat_id": CHAT, "text": "x", "parse_mode": None}),
        http.post(f"{base}/SENDMESSAGE", data=multipart),
    ]
    for request in requests:
        async with request as response:
            status, body = await answer(response)
            assert (status, body["ok"]) == (200, True)
    assert [message.text for message in emulator.state.messages(CHAT)[1:]] == ["x"] * 4


async def test_direct_multipart_photo(base: str, http: aiohttp.ClientSession) -> None:
    """A file may stand in the parameter's own place instead of behind attach://."""
    form = aiohttp.FormData({"chat_id": str(CHAT)})
    form.add_field("photo", png(), filename="a.png", content_type="image/png")
    async with http.post(f"{base}/sendPhoto", data=form) as response:
        assert response.status == 200


async def test_nested_json(base: str, http: aiohttp.ClientSession) -> None:
    """In a JSON body objects need not be written as strings, and both ways are the same."""
    keyboard = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}], []]}
    body = {"chat_id": CHAT, "text": "x", "reply_markup": keyboard}
    async with http.post(f"{base}/sendMessage", json=body) as response:
        _, sent = await answer(response)
    assert isinstance(sent["result"], dict)
    assert sent["result"]["reply_markup"] == {
        "inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]
    }


@pytest.mark.parametrize(
    ("method", "values", "description"),
    [
        ("sendMessage", {"text": "x"}, "chat_id is empty"),
        ("sendMessage", {"chat_id": CHAT}, "message text is empty"),
        (
            "sendMessage",
            {"chat_id": CHAT, "text": "x", "parse_mode": "BBCode"},
            "unsupported parse_mode",
        ),
        (
            "sendMessage",
            {"chat_id": CHAT, "text": "x", "reply_markup": "{"},
            "can't parse reply_markup JSON object",
        ),
        (
            "sendMessage",
            {"chat_id": CHAT, "text": "x", "reply_markup": {"inline_keyboard": [[{"text": "a"}]]}},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            "editMessageText",
            {"chat_id": CHAT, "message_id": 1, "text": "x", "reply_markup": {"keyboard": []}},
            "inline keyboard expected",
        ),
        (
            "editMessageMedia",
            {"chat_id": CHAT, "message_id": 1, "media": {"type": "voice", "media": "x"}},
            'can\'t parse InputMedia: type "voice" is unsupported',
        ),
        ("setMyCommands", {}, "expected an Array of BotCommand"),
    ],
)
async def test_malformed(
    base: str,
    http: aiohttp.ClientSession,
    method: str,
    values: dict[str, object],
    description: str,
) -> None:
    """What aiogram would not let through is refused in Telegram's words."""
    async with http.post(f"{base}/{method}", json=values) as response:
        status, body = await answer(response)
    assert (status, body["description"]) == (400, f"Bad Request: {description}")


async def test_body_that_is_no_json(base: str, http: aiohttp.ClientSession) -> None:
    """A body that is not what its type says is refused."""
    headers = {"Content-Type": "application/json"}
    async with http.post(f"{base}/getMe", data=b"{", headers=headers) as response:
        assert response.status == 400


async def test_missing_attachment(base: str, http: aiohttp.ClientSession) -> None:
    """An attach:// that names no part is refused."""
    values = {"chat_id": CHAT, "photo": "attach://nothing"}
    async with http.post(f"{base}/sendPhoto", json=values) as response:
        _, body = await answer(response)
    assert body["description"] == "Bad Request: can't parse InputMedia: media not found"
