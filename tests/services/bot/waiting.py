"""Waiting for something that happens in the background."""

import asyncio
from collections.abc import Callable


async def until(happened: Callable[[], object], *, within_s: float = 5.0) -> None:
    """Return as soon as it has happened; raises TimeoutError where it does not."""
    async with asyncio.timeout(within_s):
        while not happened():  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0.005)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Tell the time in seconds."""
        return self.now
