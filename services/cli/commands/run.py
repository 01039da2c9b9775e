"""``genrebot run``: queue, worker and bot on one machine."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from services.cli.environment import prepare_environment


@click.command()
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=lambda: Path(click.get_app_dir("genrebot")) / "valkey",
    show_default="the user's application folder",
    help="Where the embedded Valkey keeps the queue over restarts.",
)
@click.option("--concurrency", default="auto", metavar="N", help="Processes that run tasks.")
@click.option("--flower", is_flag=True, help="Also run Flower on http://127.0.0.1:5555.")
def command(data_dir: Path, concurrency: str, *, flower: bool) -> None:
    """Run everything on this machine: queue, worker and bot.

    Needs BOT_TOKEN (from @BotFather), from the environment or from .env. With REDIS_URL set
    that server is used; without it an embedded Valkey is started.
    """
    prepare_environment(env_file=True)
    from shared.settings import TelegramSettings

    TelegramSettings()
    try:
        name, code = _serve(data_dir, concurrency, flower=flower)
    except KeyboardInterrupt:
        sys.exit(0)
    raise click.ClickException(f"the {name} ended with exit code {code}; everything was stopped")


def _serve(data_dir: Path, concurrency: str, *, flower: bool) -> tuple[str, int]:
    """Run everything until one part ends by itself; its name and exit code."""
    from devtools.local.interrupts import ends_as_interrupts
    from devtools.local.processes import Processes

    with ExitStack() as stack:
        stack.enter_context(ends_as_interrupts())
        url = os.environ.get("REDIS_URL") or stack.enter_context(_embedded(data_dir))
        processes = stack.enter_context(Processes({"REDIS_URL": url}))
        try:
            processes.start("worker", ["worker", "--concurrency", concurrency])
            processes.start("bot", ["bot"])
            if flower:
                processes.start("flower", ["flower"])
            return processes.wait()
        except KeyboardInterrupt:
            click.echo("stopping; what is under way is handed back to the queue", err=True)
            raise


@contextmanager
def _embedded(data_dir: Path) -> Iterator[str]:
    # Not needed with REDIS_URL, so it may be missing then.
    from devtools.local.valkey import ValkeyInUseError, embedded_valkey

    try:
        with embedded_valkey(data_dir) as url:
            yield url
    except ValkeyInUseError as error:
        raise click.ClickException(
            f"{error}; stop the other genrebot run, or choose another --data-dir"
        ) from error
