"""``genrebot worker``: a Celery worker on all queues."""

import click

from shared import logs
from shared.errors import ModelError
from shared.queue.tasks import QueueName
from shared.settings import TelegramSettings

LEVELS = ("debug", "info", "warning", "error")


@click.command()
@click.option(
    "--concurrency",
    default="auto",
    metavar="N",
    help="Processes that run tasks; auto asks the machine or the container (default).",
)
@click.option(
    "--queue",
    "queues",
    multiple=True,
    type=click.Choice([queue.value.removeprefix("genrebot.") for queue in QueueName]),
    help="Serve only this queue; may be given more than once. Default: all.",
)
@click.option("--name", help="Name of the worker; unique on its host.", metavar="NAME")
@click.option(
    "--log-level",
    type=click.Choice(LEVELS, case_sensitive=False),
    default="info",
    envvar=logs.LEVEL_VARIABLE,
    show_default=True,
    help="Lowest level that is logged.",
)
def command(concurrency: str, queues: tuple[str, ...], name: str | None, log_level: str) -> None:
    """Run a worker: it fetches, converts, featurizes, classifies and replies.

    Start as many as you have machines; they share the work through Redis (REDIS_URL).
    All of them need BOT_TOKEN: they fetch and they answer.
    """
    logs.configure(log_level)
    # Here, for the module sets thread counts before numpy is first imported.
    from services.worker.celery_app import app  # noqa: PLC0415
    from services.worker.context import worker_context  # noqa: PLC0415 - likewise

    # Before anything is taken off the queue: a worker that cannot work fails every job.
    TelegramSettings()
    try:
        _ = worker_context(app).model
    except ModelError as error:
        raise click.ClickException(str(error)) from error
    max_inflight_segments = [f"genrebot.{queue}" for queue in queues] or [
        queue.value for queue in QueueName
    ]
    arguments = [
        "worker",
        "--queues=" + ",".join(max_inflight_segments),
        f"--concurrency={concurrency}",
        f"--loglevel={log_level.upper()}",
        "--task-events",
        "--without-mingle",
        "--without-gossip",
    ]
    if name:
        arguments.append(f"--hostname={name}")
    app.worker_main(arguments)
