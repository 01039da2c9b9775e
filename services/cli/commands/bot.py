"""``genrebot bot``: the Telegram bot."""

import click

from services.bot.__main__ import main


@click.command()
def command() -> None:
    """Run the Telegram bot: it takes tracks in and shows how they fare.

    Needs BOT_TOKEN and REDIS_URL; the work itself is done by ``genrebot worker``.
    """
    main()
