"""Getting updates: long polling and webhooks."""

import re
from typing import Final, Literal
from urllib.parse import urlsplit

from devtools.emulator.errors import bad_request, conflict
from devtools.emulator.methods.call import Call
from devtools.emulator.methods.handler import Handler
from devtools.emulator.state.emulator_state import EmulatorState
from devtools.emulator.state.records import JsonObject
from devtools.emulator.state.webhook import Webhook

_MAX_UPDATES: Final = 100
_LONGEST_POLL_S: Final = 50
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{0,256}")


async def get_updates(state: EmulatorState, call: Call) -> list[JsonObject]:
    """Give the updates that are not confirmed, waiting for the first if asked to."""
    if state.webhook_delivery.webhook:
        raise conflict(
            "can't use getUpdates method while webhook is active; "
            "use deleteWebhook to delete the webhook first"
        )
    _take_allowed(state, call)
    updates = await state.updates.poll(
        offset=call.integer("offset"),
        limit=min(max(call.integer("limit", _MAX_UPDATES), 1), _MAX_UPDATES),
        wait_s=min(max(call.integer("timeout"), 0), _LONGEST_POLL_S),
    )
    return [update.object() for update in updates]


async def set_webhook(state: EmulatorState, call: Call) -> Literal[True]:
    """Post updates to an address from here on.

    Telegram asks for https; an emulated bot on this machine may listen without it.
    """
    url = call.text("url")
    if not url:
        return await delete_webhook(state, call)
    address = urlsplit(url)
    if address.scheme not in {"http", "https"} or not address.hostname:
        raise bad_request("invalid webhook URL specified")
    secret = call.text("secret_token")
    if not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    if call.boolean("drop_pending_updates"):
        state.updates.drop()
    _take_allowed(state, call)
    state.updates.abort_poll("terminated by setWebhook request")
    connections = min(max(call.integer("max_connections", 40), 1), 100)
    await state.webhook_delivery.start(Webhook(url, secret, connections))
    return True


async def delete_webhook(state: EmulatorState, call: Call) -> Literal[True]:
    """Go back to long polling."""
    await state.webhook_delivery.stop()
    if call.boolean("drop_pending_updates"):
        state.updates.drop()
    return True


async def get_webhook_info(state: EmulatorState, _call: Call) -> JsonObject:
    """Tell how deliveries go."""
    return state.webhook_delivery.info()


def _take_allowed(state: EmulatorState, call: Call) -> None:
    """Keep the previous choice when none is given; an empty list asks for the usual kinds."""
    allowed = call.json("allowed_updates")
    if isinstance(allowed, list):
        state.updates.allowed = [str(kind) for kind in allowed]


METHODS: Final[dict[str, Handler]] = {
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
}
