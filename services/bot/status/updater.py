"""Keeps one message per job up to date until the worker replies.

The updater only reads the jobs' state, so it may start and stop at any time, and lose Redis. The
reply task has the last word in a status message. Both take the job's status lock, and the updater
reads the job again once it holds the lock, so that it never overwrites a verdict.

It reads the jobs that have changed, those whose update still has to wait, and in turn a few of all
others; so a second costs the same with a hundred jobs and with ten thousand.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from itertools import count
from typing import Final, NamedTuple

from aiogram import Bot
from redis.exceptions import RedisError

from services.bot.estimation.eta import QueueEstimate, QueueEstimator
from services.bot.status.pending import PendingUpdates
from services.bot.status.rate_limit import RateLimiter
from services.bot.status.sender import SendOutcome, StatusSender
from services.bot.status.view import over, render
from shared.store.job_view import JobView
from shared.store.jobs import JobStore

logger = logging.getLogger(__name__)

INTERVAL_S: Final = 1.0
"""Seconds between two reads."""
CATCH_UP_S: Final = 0.1
"""Seconds between two reads while there are more changes than one read takes."""
PAGE: Final = 250
"""Changes that are read at a time."""
TASK_LIMIT_S: Final = 60.0
"""Seconds after which the update of one message is given up; its requests time out sooner."""


class _Read(NamedTuple):
    """A job as it was read, and what its message should say."""

    view: JobView
    estimate: QueueEstimate | None
    text: str


class StatusUpdater:
    """Keeps the status messages of one bot's jobs up to date.

    Args:
        bot: The bot whose jobs these are, and which sends the messages.
        jobs: Where the states are kept.
        cancel: Called in a thread with the id of a job whose chat is closed to the bot.
        estimator: Estimates the jobs.
        rate_limiter: Says when something may be sent.
        interval_s: Seconds between two reads.

    """

    def __init__(  # noqa: PLR0913 - one argument for each collaborator
        self,
        bot: Bot,
        jobs: JobStore,
        *,
        cancel: Callable[[str], object],
        estimator: QueueEstimator,
        rate_limiter: RateLimiter | None = None,
        interval_s: float = INTERVAL_S,
    ) -> None:
        self._bot_id = bot.id
        self._jobs = jobs
        self._cancel = cancel
        self._estimator = estimator
        self._rate_limiter = rate_limiter or RateLimiter()
        self._sender = StatusSender(bot, jobs)
        self._interval_s = interval_s
        self._wake = asyncio.Event()
        self._nudged: set[str] = set()
        self._cursor = 0
        self._pending = PendingUpdates()
        self._shown: dict[str, str] = {}
        self._numbers = count(1)
        self._last_update: dict[str, int] = {}
        self._refused: set[str] = set()
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._redis_away = False

    def nudge(self, job_id: str) -> None:
        """Read a job at once."""
        self._nudged.add(job_id)
        self._wake.set()

    async def run(self) -> None:
        """Follow all jobs until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            self._wake.clear()
            nudged, self._nudged = self._nudged, set()
            if loop.time() >= due:
                is_behind = await self._guarded(self._follow_due(nudged))
                wait_s = min(CATCH_UP_S, self._interval_s) if is_behind else self._interval_s
                due = loop.time() + wait_s
            elif nudged:
                await self._guarded(self._follow(nudged))
            try:
                async with asyncio.timeout_at(due):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def finish(self, timeout_s: float) -> None:
        """Let updates in progress end, so that no lock is left behind; then cancel the rest."""
        tasks = list(self._sending.values())
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=timeout_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _guarded(self, reading: Awaitable[bool]) -> bool:
        """Await a read; while Redis is away, say so once."""
        try:
            is_behind = await reading
        except RedisError as error:
            if not self._redis_away:
                logger.warning("The status updater cannot read job states: %s", error)
            self._redis_away = True
            return False
        if self._redis_away:
            logger.info("The status updater reads job states again")
        self._redis_away = False
        return is_behind

    async def _follow_due(self, nudged: Iterable[str]) -> bool:
        """Read what has changed, and what else is due; return whether more has changed."""
        changes = await asyncio.to_thread(self._jobs.changed_since, self._cursor, PAGE)
        if not changes.complete:
            for job_id in await asyncio.to_thread(self._jobs.active):
                self._pending.follow(job_id)
        await self._follow(self._pending.next([*nudged, *changes.job_ids]))
        self._cursor = changes.cursor
        self._rate_limiter.prune()
        return changes.more

    async def _follow(self, job_ids: Iterable[str]) -> bool:
        """Read some jobs, and start the updates that may be sent now."""
        ids = list(job_ids)
        read = {job.view.job_id: job for job in await asyncio.to_thread(self._read, ids)}
        for job_id in ids:
            if job_id not in read:
                self._forget(job_id)
        self._start([job for job in read.values() if self._has_changed(job)])
        return False

    def _read(self, job_ids: list[str]) -> list[_Read]:
        """Read those jobs whose messages are this bot's to update. Blocks."""
        try:
            views = self._jobs.views(job_ids)
        except ValueError:
            # A state that another release wrote must not hide the others.
            job_ids = [job_id for job_id in job_ids if self._is_readable(job_id)]
            views = self._jobs.views(job_ids)
        for job_id, view in zip(job_ids, views, strict=True):
            if view is None:
                self._jobs.drop_from_lists(job_id)
        ours = [view for view in views if view and view.track.bot_id == self._bot_id]
        ours = [view for view in ours if not over(view)]
        estimates = self._estimator.estimates(view.job_id for view in ours)
        with_estimates = [(view, estimates.get(view.job_id)) for view in ours]
        return [_Read(view, estimate, render(view, estimate)) for view, estimate in with_estimates]

    def _is_readable(self, job_id: str) -> bool:
        try:
            self._jobs.view(job_id)
        except ValueError:
            return False
        return True

    def _has_changed(self, job: _Read) -> bool:
        """Whether a job's message does not show its text; follow the job from now on."""
        job_id = job.view.job_id
        if job_id in self._refused:
            self._pending.drop(job_id)
            return False
        self._pending.follow(job_id)
        if self._shown.get(job_id) == job.text:
            self._pending.settle(job_id)
            return False
        return True

    def _forget(self, job_id: str) -> None:
        """Forget a job that is over, or that belongs to another bot."""
        self._pending.drop(job_id)
        self._shown.pop(job_id, None)
        self._last_update.pop(job_id, None)
        self._refused.discard(job_id)
        self._sender.forget(job_id)

    def _is_first(self, job: _Read) -> bool:
        return job.view.status_message_id is None and job.view.job_id not in self._shown

    def _start(self, jobs: list[_Read]) -> None:
        """Start the updates that may be sent now; the others wait.

        First messages have priority over edits; among edits, the one updated longest ago.
        """
        jobs.sort(
            key=lambda job: (not self._is_first(job), self._last_update.get(job.view.job_id, 0))
        )
        for job in jobs:
            job_id, first = job.view.job_id, self._is_first(job)
            may_start = job_id not in self._sending and self._rate_limiter.take(
                job.view.track.chat_id, first=first
            )
            if not may_start:
                self._pending.wait(job_id, first=first)
                continue
            self._pending.settle(job_id)
            self._last_update[job_id] = next(self._numbers)
            task = asyncio.create_task(self._show(job), name=f"status of {job_id}")
            self._sending[job_id] = task
            task.add_done_callback(partial(self._sent, job_id))

    def _sent(self, job_id: str, _: asyncio.Task[None]) -> None:
        del self._sending[job_id]

    async def _show(self, job: _Read) -> None:
        job_id = job.view.job_id
        try:
            async with asyncio.timeout(TASK_LIMIT_S):
                result = await self._sender.deliver(job_id, job.estimate)
        except (RedisError, TimeoutError) as error:
            logger.info("The status of job %s could not be shown: %s", job_id, error)
            self._pending.wait(job_id, first=self._is_first(job))
            return
        if result.outcome is SendOutcome.SHOWN:
            self._shown[job_id] = result.text
        elif result.outcome in {SendOutcome.LATER, SendOutcome.SKIPPED}:
            self._pending.wait(job_id, first=self._is_first(job))
            self._rate_limiter.pause(job.view.track.chat_id, result.pause_s)
        else:
            self._refused.add(job_id)
            if result.outcome is SendOutcome.GONE:
                await self._cancel_job(job_id)

    async def _cancel_job(self, job_id: str) -> None:
        try:
            await asyncio.to_thread(self._cancel, job_id)
        except RedisError as error:
            logger.info("Job %s could not be cancelled: %s", job_id, error)
