"""``genrebot health``: exit code 0 while a process lives."""

import socket
import sys

import click
from redis.exceptions import RedisError

from shared.settings import RedisSettings
from shared.store.keys import BOT_HEARTBEAT, worker_heartbeat_key
from shared.store.redis_client import connect


@click.command()
@click.argument("what", type=click.Choice(["bot", "worker"]))
@click.option("--name", help="Name of the worker; by default celery@ and the host's name.")
def command(what: str, name: str | None) -> None:
    """Tell whether the bot, or the worker on this host, has given a sign of life lately."""
    worker = name or f"celery@{socket.gethostname()}"
    pulse = BOT_HEARTBEAT if what == "bot" else worker_heartbeat_key(worker)
    try:
        alive = connect(RedisSettings(), text=True).exists(pulse)
    except RedisError as error:
        raise click.ClickException(f"Redis does not answer: {error}") from error
    if not alive:
        click.echo(f"the {what} has not been heard of lately", err=True)
    sys.exit(0 if alive else 1)
