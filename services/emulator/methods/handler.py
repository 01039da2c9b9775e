"""What a method's implementation looks like."""

from collections.abc import Awaitable, Callable
from typing import Any

from services.emulator.params import Call
from services.emulator.state import EmulatorState

Handler = Callable[[EmulatorState, Call], Awaitable[Any]]
"""Carries a method out and returns its ``result``; raises ``ApiError`` to refuse."""
