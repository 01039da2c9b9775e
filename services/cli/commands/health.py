"""``genrebot health``: exit code 0 while the bot, or a worker, is well."""

import socket
import sys
import time
from typing import cast

import click


@click.command()
@click.argument("what", type=click.Choice(["bot", "worker"]))
@click.option("--name", help="Name of the worker; by default celery@ and the host's name.")
@click.option("--live", is_flag=True, help="Fail only where a restart would help.")
def command(what: str, name: str | None, live: bool) -> None:  # noqa: FBT001 - click's way
    """Tell whether the bot, or the worker on this host, is well, and if not, why.

    The bot is ready while it has fetched updates within the last 90 seconds, Redis answers, and
    its event loop is on time. With --live it is enough that the process works.
    """
    from redis.exceptions import RedisError

    from shared.settings import RedisSettings
    from shared.store.keys import BOT_HEARTBEAT, worker_heartbeat_key
    from shared.store.redis_client import connect

    worker = name or f"celery@{socket.gethostname()}"
    key = BOT_HEARTBEAT if what == "bot" else worker_heartbeat_key(worker)
    try:
        heartbeat = cast("str | None", connect(RedisSettings(), text=True).get(key))
    except RedisError as error:
        raise click.ClickException(f"Redis does not answer: {error}") from error
    if heartbeat is None:
        click.echo(f"not alive: no heartbeat of the {what}", err=True)
        sys.exit(1)
    if what == "worker":
        click.echo("alive")
        return
    _report(heartbeat, live=live)


def _report(heartbeat: str, *, live: bool) -> None:
    """Print what a heartbeat of the bot says; exit with 1 where something is wrong."""
    from pydantic import ValidationError

    from services.bot.liveness.health import BotHealth

    now = time.time()
    try:
        health = BotHealth.model_validate_json(heartbeat)
    except ValidationError as error:
        raise click.ClickException("another release wrote the bot's heartbeat") from error
    not_alive = health.why_not_alive()
    if not_alive is not None:
        click.echo(f"not alive: {not_alive}", err=True)
        sys.exit(1)
    reasons = health.why_not_ready(now)
    for reason in reasons:
        click.echo(f"not ready: {reason}", err=True)
    if not reasons:
        click.echo(f"ready: {health.summary(now)}")
    elif live:
        click.echo("alive")
    else:
        sys.exit(1)
