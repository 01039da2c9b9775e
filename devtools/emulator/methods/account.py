"""The bot itself: getMe, commands and descriptions."""

import json
import re
from typing import Final, Literal

from devtools.emulator.errors import bad_request
from devtools.emulator.methods.call import Call
from devtools.emulator.methods.handler import Handler
from devtools.emulator.state.api_objects import user_object
from devtools.emulator.state.emulator_state import EmulatorState
from devtools.emulator.state.records import JsonObject

_COMMAND: Final = re.compile(r"[a-z0-9_]{1,32}")
_MAX_COMMANDS: Final = 100


async def get_me(state: EmulatorState, _call: Call) -> JsonObject:
    """Return the bot's user."""
    return user_object(state.bot) | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
    }


async def set_my_commands(state: EmulatorState, call: Call) -> Literal[True]:
    """Store the bot's commands."""
    commands = call.json("commands")
    if not isinstance(commands, list):
        raise bad_request("expected an Array of BotCommand")
    if len(commands) > _MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not isinstance(command, dict):
            raise bad_request("can't parse BotCommand: expected an Object")
        if not _COMMAND.fullmatch(str(command.get("command", ""))):
            raise bad_request("BOT_COMMAND_INVALID")
        if not command.get("description"):
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    state.profile[_commands_key(call)] = commands
    return True


async def get_my_commands(state: EmulatorState, call: Call) -> JsonObject | list[JsonObject]:
    """Return the commands of one scope and language."""
    return state.profile.get(_commands_key(call), [])


async def delete_my_commands(state: EmulatorState, call: Call) -> Literal[True]:
    """Delete the commands of one scope and language."""
    state.profile.pop(_commands_key(call), None)
    return True


def _commands_key(call: Call) -> str:
    scope = call.json("scope") or {"type": "default"}
    return f"commands {json.dumps(scope, sort_keys=True)} {call.text('language_code')}"


def _setter(name: str, longest: int) -> Handler:
    async def keep(state: EmulatorState, call: Call) -> Literal[True]:
        value = call.text(name)
        if len(value) > longest:
            raise bad_request(f"{name} is too long")
        state.profile[f"{name} {call.text('language_code')}"] = {name: value}
        return True

    return keep


def _getter(name: str) -> Handler:
    async def give(state: EmulatorState, call: Call) -> JsonObject | list[JsonObject]:
        return state.profile.get(f"{name} {call.text('language_code')}", {name: ""})

    return give


async def _agree(_state: EmulatorState, _call: Call) -> Literal[True]:
    return True


METHODS: Final[dict[str, Handler]] = {
    "getMe": get_me,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setMyName": _setter("name", 64),
    "getMyName": _getter("name"),
    "setMyDescription": _setter("description", 512),
    "getMyDescription": _getter("description"),
    "setMyShortDescription": _setter("short_description", 120),
    "getMyShortDescription": _getter("short_description"),
    "logOut": _agree,
    "close": _agree,
}
