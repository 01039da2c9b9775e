"""``genrebot bot``: the Telegram bot."""

import click
from pydantic import ValidationError

from services.bot.__main__ import main
from services.cli import usage_of


@click.command()
def command() -> None:
    """Run the Telegram bot: it takes tracks in and shows how they fare.

    Needs BOT_TOKEN and REDIS_URL; the work itself is done by ``genrebot worker``.
    """
    try:
        main()
    except ValidationError as error:
        raise usage_of(error) from error
