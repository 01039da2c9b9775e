"""aiogram's dispatcher with all routers and middlewares of the bot."""

from aiogram import Dispatcher

from services.bot.access import Access
from services.bot.cancellation import JobCanceller
from services.bot.config import Retention
from services.bot.handlers.commands import commands_router
from services.bot.handlers.errors import errors_router
from services.bot.handlers.fallback import fallback_router
from services.bot.handlers.privacy import privacy_router
from services.bot.handlers.tracks import tracks_router
from services.bot.outbox import Outbox
from services.bot.submission import JobSubmitter
from shared.settings import LimitSettings


def create_dispatcher(  # noqa: PLR0913 - each is one argument of handlers
    *,
    outbox: Outbox,
    access: Access,
    submitter: JobSubmitter,
    limits: LimitSettings,
    retention: Retention,
    canceller: JobCanceller,
) -> Dispatcher:
    """Compose routers and middlewares.

    Args:
        outbox: Sends what handlers return.
        access: Turns away those who are not served.
        submitter: Handlers get it as the argument ``submitter``.
        limits: Handlers get it as the argument ``limits``.
        retention: Handlers get it as the argument ``retention``.
        canceller: Handlers get it as the argument ``canceller``.

    """
    dispatcher = Dispatcher(
        disable_fsm=True,
        limits=limits,
        retention=retention,
        submitter=submitter,
        canceller=canceller,
    )
    dispatcher.update.outer_middleware(outbox)
    dispatcher.update.outer_middleware(access)
    # What the error handler returns does not pass the middlewares of updates.
    dispatcher.errors.outer_middleware(outbox)
    # The first router whose filters match gets the update, so the fallback comes last.
    dispatcher.include_routers(
        commands_router(), privacy_router(), tracks_router(), fallback_router(), errors_router()
    )
    return dispatcher
