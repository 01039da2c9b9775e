"""A running status updater, and waiting for it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from itertools import count

from aiogram import Bot

from services.bot.estimation.eta import QueueEstimator
from services.bot.status.rate_limit import RateLimiter
from services.bot.status.updater import StatusUpdater
from shared.domain.job_state import CancelReason
from shared.store.jobs import JobStore
from shared.store.keys import status_lock_key

TICK_S = 0.02


@asynccontextmanager
async def updating(
    bot: Bot,
    jobs: JobStore,
    *,
    interval_s: float = TICK_S,
    clock: Callable[[], float] | None = None,
) -> AsyncIterator[StatusUpdater]:
    """Run a status updater; by default its clock runs fast, so that no rate limit applies."""
    rate_limiter = RateLimiter(clock or count(0, 100).__next__)
    cancel = partial(jobs.cancel, reason=CancelReason.GONE)
    status_updater = StatusUpdater(
        bot,
        jobs,
        cancel=cancel,
        estimator=QueueEstimator(jobs.redis, jobs.settings),
        rate_limiter=rate_limiter,
        interval_s=interval_s,
    )
    task = asyncio.create_task(status_updater.run())
    try:
        yield status_updater
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await status_updater.finish(2)


async def ticks(number: int = 5) -> None:
    """Wait while the jobs are read a few times."""
    await asyncio.sleep(number * TICK_S)


def locked(jobs: JobStore, job_id: str) -> bool:
    """Whether a job's status lock is held."""
    return bool(jobs.redis.exists(status_lock_key(job_id)))
