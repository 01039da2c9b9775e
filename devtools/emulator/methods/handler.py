"""Type of a method's implementation."""

from collections.abc import Awaitable, Callable
from typing import Any

from devtools.emulator.methods.call import Call
from devtools.emulator.state.emulator_state import EmulatorState

Handler = Callable[[EmulatorState, Call], Awaitable[Any]]
"""Executes a method and returns its ``result``; raises ``ApiError`` for an error response."""
