"""Validation of keyboards."""

from typing import Final

from devtools.emulator.errors import bad_request
from devtools.emulator.methods.call import Call
from devtools.emulator.state.records import JsonObject

MAX_CALLBACK_DATA: Final = 64
"""Longest callback_data of a button, in bytes of UTF-8."""

_ACTIONS: Final = (
    "callback_data",
    "url",
    "copy_text",
    "login_url",
    "web_app",
    "switch_inline_query",
    "switch_inline_query_current_chat",
)


def read_keyboard(call: Call, *, inline_only: bool = False) -> JsonObject | None:
    """Read ``reply_markup``; an inline keyboard without buttons counts as none.

    Args:
        call: the request.
        inline_only: reject other kinds of keyboard, as edits do.

    Raises:
        ApiError: markup or a button that Telegram would reject.

    """
    markup = call.json("reply_markup")
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" not in markup:
        if inline_only:
            raise bad_request("inline keyboard expected")
        return markup
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request(
            'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays'
        )
    for button in (button for row in rows for button in row):
        _check_button(button)
    kept = [row for row in rows if row]
    return {"inline_keyboard": kept} if kept else None


def _check_button(button: object) -> None:
    if not isinstance(button, dict) or not isinstance(button.get("text"), str):
        raise bad_request("can't parse inline keyboard button: can't find field \"text\"")
    if not button["text"].strip():
        raise bad_request("can't parse inline keyboard button: text must be non-empty")
    if not any(action in button for action in _ACTIONS):
        raise bad_request(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    data = button.get("callback_data")
    if data is not None and not 1 <= len(str(data).encode()) <= MAX_CALLBACK_DATA:
        raise bad_request("BUTTON_DATA_INVALID")
