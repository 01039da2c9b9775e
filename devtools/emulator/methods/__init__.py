"""The Bot API's methods that are spoken here."""

from typing import Final

from devtools.emulator.methods import account, edits, files, messages, updates
from devtools.emulator.methods.handler import Handler

METHODS: Final[dict[str, tuple[str, Handler]]] = {
    name.lower(): (name, handler)
    for module in (account, edits, files, messages, updates)
    for name, handler in module.METHODS.items()
}
"""Name in lower case (Telegram does not mind the case) to name and handler."""

__all__ = ["METHODS", "Handler"]
