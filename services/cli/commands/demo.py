"""``genrebot demo``: the whole path on this machine, without a token."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
from aiohttp import ClientError

from devtools.emulator.client import EmulatorClient
from devtools.local.demo import Demo, DemoError
from devtools.local.interrupts import ends_as_interrupts

COMPOSED = "Four Ways Home.mp3"


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
@click.option("--limit", default=600.0, show_default=True, help="Seconds to wait for an answer.")
def command(track: Path | None, out: Path, url: str | None, limit: float) -> None:
    """Show the whole path on this machine, without a token.

    Starts an embedded Valkey, a worker, the bot and a local Bot API, sends a track, and
    prints the chat as a person sees it while it changes.
    """
    data, name = _track(track)
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(ends_as_interrupts())
        check: Callable[[], None] = _nothing_to_check
        if url is None:
            url, check = _start(stack, out / "demo.log")
        try:
            saved = asyncio.run(_talk(url, data, name, out=out, check=check, limit_s=limit))
        except DemoError as error:
            click.echo(f"demo failed: {error}", err=True)
            if check is not _nothing_to_check:
                click.echo(f"what the processes said: {out / 'demo.log'}", err=True)
            sys.exit(1)
    for path in saved:
        click.echo(f"saved {path}")


def _track(track: Path | None) -> tuple[bytes, str]:
    if track is not None:
        return track.read_bytes(), track.name
    from devtools.local.demo_track import compose  # noqa: PLC0415 - needs numpy and av

    click.echo("composing a track of four parts: arpeggio, disco, metal, reggae")
    return compose(), COMPOSED


def _start(stack: ExitStack, log: Path) -> tuple[str, Callable[[], None]]:
    # Here, for with --emulator none of this need be installed.
    from devtools.emulator.serving import emulator_thread  # noqa: PLC0415
    from devtools.local.stack import running_stack  # noqa: PLC0415

    click.echo("starting Valkey, a worker, the bot and a local Bot API")
    log.unlink(missing_ok=True)
    emulator = stack.enter_context(emulator_thread())
    processes = stack.enter_context(
        running_stack(api_url=emulator.base_url, token=emulator.token, log=log)
    )

    def check() -> None:
        if gone := processes.ended():
            name, code = gone
            raise DemoError(f"the {name} ended with exit code {code}")

    return emulator.base_url, check


async def _talk(url: str, data: bytes, name: str, **settings: Any) -> list[Path]:
    try:
        async with EmulatorClient(url) as client:
            return await Demo(client=client, echo=click.echo, **settings).run(data, name)
    except ClientError as error:
        raise DemoError(f"the emulator cannot be reached: {error}") from error


def _nothing_to_check() -> None:
    """Testbed in where the processes belong to somebody else."""
