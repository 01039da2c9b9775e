"""Sentences for people whose settings are invalid, or who lack a package."""

import os
import sys
from typing import Final

_OLDER_NAMES: Final = {"GENREBOT_MAX_INFLIGHT_SEGMENTS": "GENREBOT_LANES"}
"""Names that are still read; pydantic reports only the newer one."""

_OWN_EXTRAS: Final = {"librosa"}
"""Packages that only an option of a command needs."""

_BOTFATHER: Final = (
    "is not set; @BotFather on Telegram (https://t.me/BotFather) gives you one. "
    "Without a token, try: genrebot demo"
)


def explain_settings(error: ValueError) -> str | None:
    """Turn pydantic's report on settings into sentences.

    It names variables and reasons and never their values, which may be the token.

    Returns:
        The sentences; None where the error is not about settings.

    """
    # Looked up instead of imported: without pydantic there is no such error.
    pydantic = sys.modules.get("pydantic")
    if pydantic is None or not isinstance(error, pydantic.ValidationError):
        return None
    if not error.title.endswith("Settings"):
        return None
    lines = [f"  {_sentence(item['loc'], item['type'], item['msg'])}" for item in error.errors()]
    return "invalid settings:\n" + "\n".join(lines)


def missing_package(command: str, package: str, extra: str) -> str:
    """Say which package a command lacks and how to install it."""
    if package in _OWN_EXTRAS:
        extra = package
    return f"{command} needs {package}; install it with: pip install 'genrebot[{extra}]'"


def _sentence(loc: tuple[object, ...], kind: str, message: str) -> str:
    name = str(loc[0]) if loc else "settings"
    variable = name if name.isupper() or not loc else f"GENREBOT_{name.upper()}"
    older = _OLDER_NAMES.get(variable, variable)
    if older in os.environ and variable not in os.environ:
        variable = older
    if kind == "missing":
        return f"{variable} {_BOTFATHER}" if variable == "BOT_TOKEN" else f"{variable} is not set"
    return f"{variable}: {message.removeprefix('Value error, ')}"
