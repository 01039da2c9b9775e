"""Wait for what happens in the background."""

import asyncio
from collections.abc import Callable


async def until(happened: Callable[[], object], *, within_s: float = 5.0) -> None:
    """Return as soon as it has happened.

    Raises:
        TimeoutError: It has not happened after ``within_s`` seconds.

    """
    async with asyncio.timeout(within_s):
        while not happened():  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0.005)


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time, in seconds."""
        return self.now
