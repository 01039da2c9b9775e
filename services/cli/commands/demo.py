"""``genrebot demo``: the whole path on this machine, without a token."""

import sys
from pathlib import Path

import click

from services.cli.environment import prepare_environment


@click.command()
@click.option(
    "--track",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The track to send; without one the demo composes its own.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Folder for the picture, the clip, and the processes' log.",
)
@click.option(
    "--emulator",
    "url",
    metavar="URL",
    help="Use this emulator and whatever bot listens to it, instead of starting everything.",
)
@click.option("--limit", default=600.0, show_default=True, help="Seconds to wait for a reply.")
def command(track: Path | None, out: Path, url: str | None, limit: float) -> None:
    """Show the whole path on this machine, without a token.

    Starts an embedded Valkey, a worker, the bot and a local Bot API, sends a track, and
    prints the chat as a person sees it while it changes.
    """
    prepare_environment()
    from services.cli.actions.demo import run_demo

    sys.exit(0 if run_demo(track, out, url, limit) else 1)
