"""``genrebot emulator``: a Bot API server without Telegram."""

import click

from devtools.emulator.serving import serve


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8081, show_default=True, help="Port to listen on.")
@click.option(
    "--token",
    envvar="BOT_TOKEN",
    default="42:emulated",
    show_default=True,
    help="The token that bots must show.",
)
def command(host: str, port: int, token: str) -> None:
    """Run a Bot API server for trying things out without a token.

    Point the bot and the worker at it with GENREBOT_API_URL, and talk to the bot with
    ``genrebot demo --emulator URL --track FILE``.
    """
    serve(host, port, token)
