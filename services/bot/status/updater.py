"""Keeps one message per job up to date until the worker replies.

The updater only reads the jobs' state, so it may start and stop at any time, and lose Redis. The
reply task has the last word in a status message. Both take the job's status lock, and the updater
reads the job again once it holds the lock, so that it never overwrites a verdict.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final

from aiogram import Bot
from redis.exceptions import RedisError

from services.bot.estimation.eta import QueueEstimate, QueueEstimator
from services.bot.status.rate_limit import RateLimiter
from services.bot.status.sender import SendOutcome, StatusSender
from services.bot.status.view import over, render
from shared.store.job_view import JobView
from shared.store.jobs import JobStore

logger = logging.getLogger(__name__)

INTERVAL_S: Final = 1.0
"""Seconds between two reads of all jobs."""
TASK_LIMIT_S: Final = 60.0
"""Seconds after which the update of one message is given up; its requests time out sooner."""


class StatusUpdater:
    """Keeps the status messages of one bot's jobs up to date.

    Args:
        bot: The bot whose jobs these are, and which sends the messages.
        jobs: Where the states are kept.
        cancel: Called in a thread with the id of a job whose chat is closed to the bot.
        rate_limiter: Says when something may be sent.
        interval_s: Seconds between two reads of all jobs.

    """

    def __init__(
        self,
        bot: Bot,
        jobs: JobStore,
        *,
        cancel: Callable[[str], object],
        rate_limiter: RateLimiter | None = None,
        interval_s: float = INTERVAL_S,
    ) -> None:
        self._bot_id = bot.id
        self._jobs = jobs
        self._rate_limiter = rate_limiter or RateLimiter()
        self._cancel = cancel
        self._sender = StatusSender(bot, jobs)
        self._estimator = QueueEstimator(jobs.redis, jobs.settings)
        self._estimates: Mapping[str, QueueEstimate] = {}
        self._interval_s = interval_s
        self._wake = asyncio.Event()
        self._nudged: set[str] = set()
        self._shown: dict[str, str] = {}
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
                await self._follow(None)
                due = loop.time() + self._interval_s
            elif nudged:
                await self._follow(nudged)
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

    async def _follow(self, only: set[str] | None) -> None:
        """Read some jobs, or all of them, and start the updates that are due."""
        try:
            views = await asyncio.to_thread(self._read, only)
        except RedisError as error:
            if not self._redis_away:
                logger.warning("The status updater cannot read job states: %s", error)
            self._redis_away = True
            return
        if self._redis_away:
            logger.info("The status updater reads job states again")
        self._redis_away = False
        if only is None:
            self._prune({view.job_id for view in views})
        self._update(views)

    def _read(self, only: set[str] | None) -> list[JobView]:
        """Read jobs that are not over. Blocks."""
        ids = self._jobs.active() if only is None else list(only)
        try:
            views = self._jobs.views(ids)
        except ValueError:
            # A state that another release wrote must not hide the others.
            ids = [job_id for job_id in ids if self._readable(job_id)]
            views = self._jobs.views(ids)
        self._estimates = self._estimator.estimates(ids)
        for job_id, view in zip(ids, views, strict=True):
            if view is None:
                self._jobs.drop_from_lists(job_id)
        return [view for view in views if view and view.track.bot_id == self._bot_id]

    def _readable(self, job_id: str) -> bool:
        try:
            self._jobs.view(job_id)
        except ValueError:
            return False
        return True

    def _prune(self, active: set[str]) -> None:
        """Forget jobs that are over."""
        for job_id in (self._shown.keys() | self._last_update.keys()) - active:
            self._shown.pop(job_id, None)
            self._last_update.pop(job_id, None)
        self._refused &= active
        self._sender.prune(active)
        self._rate_limiter.prune()

    def _update(self, views: list[JobView]) -> None:
        """Start an update of every message that has changed and may be sent now.

        First messages have priority over edits; among edits, the one updated longest ago.
        """
        changed = [view for view in views if self._has_changed(view)]
        changed.sort(
            key=lambda view: (not self._is_first(view), self._last_update.get(view.job_id, 0))
        )
        for view in changed:
            if self._rate_limiter.take(view.track.chat_id, first=self._is_first(view)):
                self._start(view)

    def _is_first(self, view: JobView) -> bool:
        return view.status_message_id is None and view.job_id not in self._shown

    def _has_changed(self, view: JobView) -> bool:
        return (
            view.job_id not in self._sending
            and view.job_id not in self._refused
            and not over(view)
            and self._shown.get(view.job_id) != render(view, self._estimates.get(view.job_id))
        )

    def _start(self, view: JobView) -> None:
        job_id = view.job_id
        self._last_update[job_id] = max(self._last_update.values(), default=0) + 1
        task = asyncio.create_task(self._show(view), name=f"status of {job_id}")
        self._sending[job_id] = task
        task.add_done_callback(lambda _: self._sending.pop(job_id, None))

    async def _show(self, view: JobView) -> None:
        job_id = view.job_id
        try:
            async with asyncio.timeout(TASK_LIMIT_S):
                result = await self._sender.deliver(job_id, self._estimates.get(job_id))
        except (RedisError, TimeoutError) as error:
            logger.info("The status of job %s could not be shown: %s", job_id, error)
            return
        if result.outcome is SendOutcome.SHOWN:
            self._shown[job_id] = result.text
        elif result.outcome is SendOutcome.REFUSED:
            self._refused.add(job_id)
        elif result.outcome is SendOutcome.GONE:
            self._refused.add(job_id)
            await self._cancel_job(job_id)
        elif result.outcome is SendOutcome.LATER:
            self._rate_limiter.pause(view.track.chat_id, result.pause_s)

    async def _cancel_job(self, job_id: str) -> None:
        try:
            await asyncio.to_thread(self._cancel, job_id)
        except RedisError as error:
            logger.info("Job %s could not be cancelled: %s", job_id, error)
