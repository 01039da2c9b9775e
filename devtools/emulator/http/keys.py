"""Where the application keeps its state."""

from typing import Final

from aiohttp import web

from devtools.emulator.state.world import EmulatorState

STATE: Final = web.AppKey("emulator_state", EmulatorState)
