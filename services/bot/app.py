"""The bot put together: what is made, in which order it starts, and how it ends."""

import asyncio
import logging
from typing import Final, Self

from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramNetworkError, TelegramRetryAfter, TelegramServerError
from aiogram.methods import SendMessage, SetMyCommands
from aiogram.types import ReplyParameters
from celery import Celery

from services.bot import texts
from services.bot.config import Config
from services.bot.handlers.commands import commands_router
from services.bot.handlers.errors import failures_router
from services.bot.handlers.fallback import fallback_router
from services.bot.handlers.tracks import tracks_router
from services.bot.loop_lag import LagMonitor
from services.bot.outbox import Outbox
from services.bot.status.updater import StatusUpdater
from services.bot.submission import JobSubmitter
from shared.domain.track import Track
from shared.queue.celery_config import broker_app
from shared.store.jobs import JobStore
from shared.telegram.client import make_bot

logger = logging.getLogger(__name__)

FAREWELL_S: Final = 5.0
"""Seconds that answers and status updates under way are waited for at the end."""
GREETING_DELAY_S: Final = 5.0
"""Seconds between two tries to reach Telegram at the start."""
POLL_S: Final = 30
"""Seconds that Telegram holds a request for updates when there are none."""


class App:
    """One bot with all that belongs to it. To be made inside the event loop."""

    def __init__(self, config: Config, bot: Bot) -> None:
        self.bot = bot
        self.jobs = JobStore.open(config.redis, config.jobs)
        self.queue = broker_app(config.redis, config.limits)
        _preload(self.queue)
        self.answers = Outbox()
        self.lag = LagMonitor()
        self.status_updater = StatusUpdater(bot, self.jobs, lag=self.lag)
        self.submitter = JobSubmitter(
            self.jobs,
            self.queue,
            config.limits,
            on_job=self.status_updater.nudge,
            on_delay=self._apologise,
        )
        self.dispatcher = Dispatcher(
            disable_fsm=True, limits=config.limits, submitter=self.submitter
        )
        self.dispatcher.update.outer_middleware(self.answers)
        # What the error handler returns comes out above the updates' middlewares.
        self.dispatcher.errors.outer_middleware(self.answers)
        self.dispatcher.include_routers(
            commands_router(), tracks_router(), fallback_router(), failures_router()
        )
        self.dispatcher.startup.register(self._start)
        self.dispatcher.shutdown.register(self._stop)
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    def make(cls, config: Config) -> Self:
        """Put everything together; connects to nothing yet."""
        return cls(config, make_bot(config.telegram))

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Updates are handled one after the other and never as tasks: aiogram confirms an
        update to Telegram when it asks for the next, and so only after the handler of a
        track has put it in the queue.

        Raises:
            aiogram.exceptions.TelegramUnauthorizedError: Telegram does not know the token.

        """
        try:
            await self._greet()
            await self.dispatcher.start_polling(
                self.bot,
                handle_as_tasks=False,
                polling_timeout=POLL_S,
                close_bot_session=False,
            )
        finally:
            await self.bot.session.close()
            await asyncio.to_thread(self.disconnect)

    async def _greet(self) -> None:
        """Wait until Telegram can be reached; aiogram's polling would give up at once."""
        while True:
            try:
                me = await self.bot.me()
            except (TelegramNetworkError, TelegramServerError, TelegramRetryAfter) as error:
                logger.warning("Telegram cannot be reached yet: %s", error)
                await asyncio.sleep(GREETING_DELAY_S)
            else:
                logger.info("Serving @%s", me.username)
                return

    async def _start(self) -> None:
        self.answers.post(self.bot, SetMyCommands(commands=texts.COMMANDS))
        for name, work in (("board", self.status_updater.run()), ("lag", self.lag.run())):
            task = asyncio.create_task(work, name=name)
            task.add_done_callback(_log_crash)
            self._tasks.append(task)

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(self.answers.drain(FAREWELL_S), self.status_updater.finish(FAREWELL_S))

    def disconnect(self) -> None:
        """Close the connections to Redis. Blocks."""
        self.queue.close()
        self.jobs.redis.close()

    def _apologise(self, track: Track) -> None:
        self.answers.post(
            self.bot,
            SendMessage(
                chat_id=track.chat_id,
                text=texts.QUEUE_AWAY,
                reply_parameters=ReplyParameters(message_id=track.message_id),
            ),
        )


def _preload(queue: Celery) -> None:
    """Import what Celery imports at its first send; no thread spares the event loop that.

    Measured: the first send takes 0.03 s instead of 0.3 s with this.
    """
    _ = queue.connection_for_write().transport_cls, queue.backend, queue.events.Dispatcher


def _log_crash(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception():
        logger.critical("The %s has died", task.get_name(), exc_info=task.exception())
