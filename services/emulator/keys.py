"""Where the application keeps its state."""

from typing import Final

from aiohttp import web

from services.emulator.state import EmulatorState

STATE: Final = web.AppKey("emulator_state", EmulatorState)
