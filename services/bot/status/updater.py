"""The status board: one message per job that follows the job until the worker's reply.

The board only reads job states, so it may start, stop and lose Redis at any time. The last
word in a status message is the reply step's. Both take the job's status lock, and the
board looks again at the job once it holds the lock, so a verdict is never written over.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from aiogram import Bot
from redis.exceptions import RedisError

from services.bot.estimation.eta import Outlook, QueueEstimate
from services.bot.heartbeat import beat
from services.bot.loop_lag import LagMonitor
from services.bot.status.rate_limit import RateLimiter
from services.bot.status.sender import SendOutcome, StatusSender
from services.bot.status.view import over, render
from shared.store.job_view import JobView
from shared.store.jobs import JobStore

logger = logging.getLogger(__name__)

INTERVAL_S: Final = 1.0
"""Seconds between two looks at all jobs."""
TASK_LIMIT_S: Final = 60.0
"""Seconds after which an update of one message is given up; its parts end sooner."""


class StatusUpdater:
    """Keeps the status messages of one bot's jobs up to date.

    Args:
        bot: whose jobs, and who sends.
        jobs: where the states live.
        pace: when something may be sent.
        lag: what the sign of life tells of the loop.
        interval_s: seconds between two looks at all jobs.

    """

    def __init__(
        self,
        bot: Bot,
        jobs: JobStore,
        *,
        rate_limiter: RateLimiter | None = None,
        lag: LagMonitor | None = None,
        interval_s: float = INTERVAL_S,
    ) -> None:
        self._bot_id = bot.id
        self._jobs = jobs
        self._lag = lag
        self._pace = rate_limiter or RateLimiter()
        self._postman = StatusSender(bot, jobs)
        self._outlook = Outlook(jobs.redis, jobs.settings)
        self._prospects: Mapping[str, QueueEstimate] = {}
        self._interval_s = interval_s
        self._wake = asyncio.Event()
        self._nudged: set[str] = set()
        self._shown: dict[str, str] = {}
        self._turn: dict[str, int] = {}
        self._silenced: set[str] = set()
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._away = False

    def nudge(self, job_id: str) -> None:
        """Look at a job at once."""
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
                await self._look(None)
                due = loop.time() + self._interval_s
            elif nudged:
                await self._look(nudged)
            try:
                async with asyncio.timeout_at(due):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def finish(self, timeout_s: float) -> None:
        """Let updates under way end, so that no lock stays behind; then cut them off."""
        tasks = list(self._busy.values())
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=timeout_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _look(self, only: set[str] | None) -> None:
        try:
            views = await asyncio.to_thread(self._read, only)
        except RedisError as error:
            if not self._away:
                logger.warning("The board cannot read job states for now: %s", error)
            self._away = True
            return
        if self._away:
            logger.info("The board reads job states again")
        self._away = False
        if only is None:
            self._tidy({view.job_id for view in views})
        self._update(views)

    def _read(self, only: set[str] | None) -> list[JobView]:
        """Fetch jobs that are not over. Blocks; also says that the bot is alive."""
        if only is None:
            beat(self._jobs.redis, self._lag)
        ids = self._jobs.active() if only is None else list(only)
        try:
            views = self._jobs.views(ids)
        except ValueError:
            # One state that another release wrote must not hide all others.
            ids = [job_id for job_id in ids if self._readable(job_id)]
            views = self._jobs.views(ids)
        self._prospects = self._outlook.estimates(ids)
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

    def _tidy(self, active: set[str]) -> None:
        """Forget what was known of jobs that are over."""
        for job_id in (self._shown.keys() | self._turn.keys()) - active:
            self._shown.pop(job_id, None)
            self._turn.pop(job_id, None)
        self._silenced &= active
        self._postman.tidy(active)
        self._pace.prune()

    def _update(self, views: list[JobView]) -> None:
        """Start an update of every message that has changed and may be sent now.

        First messages go before edits, and among edits whoever waited longest.
        """
        changed = [view for view in views if self._has_news(view)]
        changed.sort(key=lambda view: (not self._is_first(view), self._turn.get(view.job_id, 0)))
        for view in changed:
            if self._pace.take(view.track.chat_id, first=self._is_first(view)):
                self._start(view)

    def _is_first(self, view: JobView) -> bool:
        return view.status_message_id is None and view.job_id not in self._shown

    def _has_news(self, view: JobView) -> bool:
        return (
            view.job_id not in self._busy
            and view.job_id not in self._silenced
            and not over(view)
            and self._shown.get(view.job_id) != render(view, self._prospects.get(view.job_id))
        )

    def _start(self, view: JobView) -> None:
        job_id = view.job_id
        self._turn[job_id] = max(self._turn.values(), default=0) + 1
        task = asyncio.create_task(self._show(view), name=f"status of {job_id}")
        self._busy[job_id] = task
        task.add_done_callback(lambda _: self._busy.pop(job_id, None))

    async def _show(self, view: JobView) -> None:
        job_id = view.job_id
        try:
            async with asyncio.timeout(TASK_LIMIT_S):
                result = await self._postman.deliver(job_id, self._prospects.get(job_id))
        except (RedisError, TimeoutError) as error:
            logger.info("The status of job %s could not be shown: %s", job_id, error)
            return
        if result.outcome is SendOutcome.SHOWN:
            self._shown[job_id] = result.text
        elif result.outcome is SendOutcome.REFUSED:
            self._silenced.add(job_id)
        elif result.outcome is SendOutcome.LATER:
            self._pace.pause(view.track.chat_id, result.pause_s)
