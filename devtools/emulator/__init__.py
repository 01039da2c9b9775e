"""A Bot API server on this machine, for the demo, for tests and for trying things out.

It speaks Telegram's Bot API over HTTP to a bot, lets people be played through
``EmulatorClient`` or the routes under ``/_emulator``, and remembers every version of every
message. Nothing is kept when it ends.
"""

from devtools.emulator.client import EmulatorClient, EmulatorError
from devtools.emulator.config import DEFAULT_TOKEN, EmulatorConfig, RateLimits
from devtools.emulator.serving import (
    Emulator,
    EmulatorThread,
    emulator_thread,
    running_emulator,
    serve,
)
from devtools.emulator.state.emulator_state import EmulatorState
from devtools.emulator.state.faults import Fault

__all__ = [
    "DEFAULT_TOKEN",
    "Emulator",
    "EmulatorClient",
    "EmulatorConfig",
    "EmulatorError",
    "EmulatorState",
    "EmulatorThread",
    "Fault",
    "RateLimits",
    "emulator_thread",
    "running_emulator",
    "serve",
]
