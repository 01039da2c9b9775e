"""What a method's implementation looks like."""

from collections.abc import Awaitable, Callable
from typing import Any

from devtools.emulator.http.params import Call
from devtools.emulator.state.world import EmulatorState

Handler = Callable[[EmulatorState, Call], Awaitable[Any]]
"""Carries a method out and returns its ``result``; raises ``ApiError`` to refuse."""
