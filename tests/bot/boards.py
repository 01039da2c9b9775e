"""A board at work, and waiting for it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count

from aiogram import Bot

from services.bot.board import Board
from services.bot.pace import Pace
from shared.connection import key
from shared.jobs import JobStore

TICK_S = 0.02


@asynccontextmanager
async def posted(
    bot: Bot,
    jobs: JobStore,
    *,
    interval_s: float = TICK_S,
    clock: Callable[[], float] | None = None,
) -> AsyncIterator[Board]:
    """A board at work; by default time flies, so that no throttle shows."""
    pace = Pace(clock or count(0, 100).__next__)
    board = Board(bot, jobs, pace=pace, interval_s=interval_s)
    task = asyncio.create_task(board.run())
    try:
        yield board
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await board.finish(2)


async def ticks(number: int = 5) -> None:
    """Let some looks at the jobs go by."""
    await asyncio.sleep(number * TICK_S)


def locked(jobs: JobStore, job_id: str) -> bool:
    """Whether anybody holds a job's status lock."""
    return bool(jobs.redis.exists(key("job", job_id, "status")))
