"""Key of the emulator's state in the aiohttp application."""

from typing import Final

from aiohttp import web

from devtools.emulator.state.emulator_state import EmulatorState

STATE: Final = web.AppKey("emulator_state", EmulatorState)
