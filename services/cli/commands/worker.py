"""``genrebot worker``: a Celery worker on all queues."""

import click

from services.cli.environment import prepare_environment
from services.cli.options import LOG_LEVELS, QUEUES


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
    type=click.Choice(QUEUES),
    help="Serve only this queue; may be given more than once. Default: all.",
)
@click.option("--name", help="Name of the worker; unique on its host.", metavar="NAME")
@click.option(
    "--log-level",
    type=click.Choice(LOG_LEVELS, case_sensitive=False),
    show_default="GENREBOT_LOG_LEVEL, or info",
    help="Lowest level that is logged.",
)
def command(
    concurrency: str, queues: tuple[str, ...], name: str | None, log_level: str | None
) -> None:
    """Run a worker: it fetches, converts, featurizes, classifies and replies.

    Start as many as you have machines; they share the work through Redis (REDIS_URL). Each
    needs BOT_TOKEN, to download tracks and to reply. Settings are read from the environment
    and from .env.
    """
    prepare_environment(env_file=True)
    from shared import logs
    from shared.settings import LogSettings, TelegramSettings

    level = log_level or LogSettings().log_level
    logs.configure(level)
    # First of the rest: it sets numbers of threads before numpy is imported.
    from services.worker.celery_app import app
    from services.worker.context import worker_context
    from shared.errors import ModelError
    from shared.queue.tasks import QueueName

    # Checked before a task is taken: a worker that cannot work would fail every job.
    TelegramSettings()
    try:
        context = worker_context(app)
        _ = context.model, context.analyse_chunk
    except ModelError as error:
        raise click.ClickException(str(error)) from error
    names = [f"genrebot.{queue}" for queue in queues] or [queue.value for queue in QueueName]
    arguments = [
        "worker",
        "--queues=" + ",".join(names),
        f"--concurrency={concurrency}",
        f"--loglevel={level.upper()}",
        "--task-events",
        "--without-mingle",
        "--without-gossip",
    ]
    if name:
        arguments.append(f"--hostname={name}")
    app.worker_main(arguments)
