"""``genrebot bot``: the Telegram bot."""

import click

from services.cli.environment import prepare_environment


@click.command()
def command() -> None:
    """Run the Telegram bot: it accepts tracks and shows their progress.

    Needs BOT_TOKEN and REDIS_URL, from the environment or from .env. The work itself is done
    by ``genrebot worker``.
    """
    prepare_environment(env_file=True)
    from services.bot.__main__ import main

    main()
