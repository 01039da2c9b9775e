"""``genrebot emulator``: a Bot API server without Telegram."""

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8081, show_default=True, help="Port to listen on.")
@click.option(
    "--token",
    envvar="BOT_TOKEN",
    default="42:emulated",
    show_default=True,
    help="The token that bots must use.",
)
def command(host: str, port: int, token: str) -> None:
    """Run a Bot API server for trying things out without a token.

    Point the bot and the worker at it with GENREBOT_API_URL, and talk to the bot with
    ``genrebot demo --emulator URL --track FILE``.
    """
    from devtools.emulator.serving import serve

    def announce(url: str) -> None:
        click.echo(f"Bot API on {url} for the token {token}; run a bot against it with:")
        click.echo(f"  BOT_TOKEN={token} GENREBOT_API_URL={url} genrebot run")

    try:
        serve(host, port, token, announce=announce)
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror}") from error
    except ValueError as error:
        raise click.UsageError(f"--token: {error}") from error
