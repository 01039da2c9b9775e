"""``genrebot worker``: a Celery worker on both queues."""

import click

from shared.broker import Lane


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
    type=click.Choice([lane.value.removeprefix("genrebot.") for lane in Lane]),
    help="Serve only this queue; may be given twice. Default: both.",
)
@click.option("--name", help="Name of the worker; unique on its host.", metavar="NAME")
@click.option("--log-level", default="info", envvar="GENREBOT_LOG_LEVEL", show_default=True)
def command(concurrency: str, queues: tuple[str, ...], name: str | None, log_level: str) -> None:
    """Run a worker: it fetches, converts, featurizes, classifies and replies.

    Start as many as you have machines; they share the work through Redis (REDIS_URL).
    """
    # Here, for the module sets thread counts before numpy is first imported.
    from services.worker.app import app  # noqa: PLC0415

    lanes = [f"genrebot.{queue}" for queue in queues] or [lane.value for lane in Lane]
    arguments = [
        "worker",
        "--queues=" + ",".join(lanes),
        f"--concurrency={concurrency}",
        f"--loglevel={log_level.upper()}",
        "--task-events",
        "--without-mingle",
        "--without-gossip",
    ]
    if name:
        arguments.append(f"--hostname={name}")
    app.worker_main(arguments)
