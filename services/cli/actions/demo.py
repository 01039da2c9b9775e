"""Runs the demo, and prints the chat."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import click
from aiohttp import ClientError

from devtools.emulator.client import EmulatorClient
from devtools.local.demo import Demo, DemoError
from devtools.local.interrupts import ends_as_interrupts

COMPOSED: Final = "Four Ways Home.mp3"


def run_demo(track: Path | None, out: Path, url: str | None, limit_s: float) -> bool:
    """Send a track, print the chat, and save the picture and the clip.

    Args:
        track: the track; one is composed by default.
        out: folder for what is saved.
        url: a running emulator; by default everything is started here.
        limit_s: seconds to wait for a reply.

    Returns:
        Whether there was a verdict.

    """
    data, name = _track(track)
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(ends_as_interrupts())
        check: Callable[[], None] = _nothing_to_check
        if url is None:
            url, check = _start(stack, out / "demo.log")
        try:
            saved = asyncio.run(_talk(url, data, name, out=out, check=check, limit_s=limit_s))
        except DemoError as error:
            click.echo(f"demo failed: {error}", err=True)
            if check is not _nothing_to_check:
                click.echo(f"log of the processes: {out / 'demo.log'}", err=True)
            return False
    for path in saved:
        click.echo(f"saved {path}")
    return True


def _track(track: Path | None) -> tuple[bytes, str]:
    if track is not None:
        return track.read_bytes(), track.name
    from devtools.local.demo_track import compose  # noqa: PLC0415 - needs numpy and av

    click.echo("composing a track of four parts: arpeggio, disco, metal, reggae")
    return compose(), COMPOSED


def _start(stack: ExitStack, log: Path) -> tuple[str, Callable[[], None]]:
    # With --emulator none of this is needed, and it may be missing.
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
    """Check nothing: with --emulator the processes are not ours."""
