"""The Bot API methods that the emulator implements, by subject; ``arguments`` reads parameters."""

from typing import Final

from devtools.emulator.methods import account, edits, files, messages, updates
from devtools.emulator.methods.handler import Handler

METHODS: Final[dict[str, tuple[str, Handler]]] = {
    name.lower(): (name, handler)
    for module in (account, edits, files, messages, updates)
    for name, handler in module.METHODS.items()
}
"""Name in lower case, as Telegram ignores case, to name and handler."""

__all__ = ["METHODS", "Handler"]
