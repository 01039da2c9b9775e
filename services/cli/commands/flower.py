"""``genrebot flower``: watch the workers in a browser."""

import os

import click

from services.cli.environment import prepare_environment


@click.command()
@click.option("--address", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=5555, show_default=True, help="Port to listen on.")
@click.option(
    "--basic-auth",
    envvar="FLOWER_BASIC_AUTH",
    metavar="USER:PASSWORD",
    help="Ask for this name and password.",
)
@click.option(
    "--db",
    type=click.Path(dir_okay=False),
    envvar="FLOWER_DB",
    metavar="FILE",
    help="Keep what was seen over restarts in this file.",
)
def command(address: str, port: int, basic_auth: str | None, db: str | None) -> None:
    """Run Flower, which watches the workers.

    Its /metrics and /healthcheck answer without a password: keep it off public addresses.
    """
    prepare_environment(env_file=True)
    # Click reads variables before .env is loaded.
    basic_auth = basic_auth or os.environ.get("FLOWER_BASIC_AUTH")
    import flower.command  # noqa: F401 - fails early, with the name of the extra

    from shared.queue.celery_config import broker_app
    from shared.settings import LimitSettings, RedisSettings

    arguments = ["flower", f"--address={address}", f"--port={port}", "--max_tasks=10000"]
    if basic_auth:
        arguments.append(f"--basic-auth={basic_auth}")
    if db:
        arguments += ["--persistent=True", f"--db={db}", "--save-state-interval=60000"]
    broker_app(RedisSettings(), LimitSettings()).start(arguments)
