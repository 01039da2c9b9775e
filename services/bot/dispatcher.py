"""aiogram's dispatcher with all routers and middlewares of the bot."""

from typing import Any

from aiogram import Dispatcher

from services.bot.access import Access
from services.bot.handlers.commands import commands_router
from services.bot.handlers.errors import errors_router
from services.bot.handlers.fallback import fallback_router
from services.bot.handlers.privacy import privacy_router
from services.bot.handlers.tracks import tracks_router
from services.bot.outbox import Outbox


def create_dispatcher(*, outbox: Outbox, access: Access, **arguments: Any) -> Dispatcher:
    """Compose routers and middlewares.

    Args:
        outbox: Sends what handlers return.
        access: Turns away those who are not served.
        **arguments: Passed to each handler that has an argument of that name.

    """
    dispatcher = Dispatcher(disable_fsm=True, **arguments)
    dispatcher.update.outer_middleware(outbox)
    dispatcher.update.outer_middleware(access)
    # What the error handler returns does not pass the middlewares of updates.
    dispatcher.errors.outer_middleware(outbox)
    # The first router whose filters match gets the update, so the fallback comes last.
    dispatcher.include_routers(
        commands_router(), privacy_router(), tracks_router(), fallback_router(), errors_router()
    )
    return dispatcher
