"""Sends tasks to the queue, from the bot and from the workers alike."""

from typing import Final

from celery import Celery

from shared.domain.track import Track
from shared.queue.messages import JobMessage, Message
from shared.queue.tasks import QueueName, TaskName, download_limit_s, soft_limit_s, task_limit_s
from shared.settings import LimitSettings

PUBLISH_RETRY: Final = {
    "max_retries": 3,
    "interval_start": 0.0,
    "interval_step": 0.2,
    "interval_max": 0.5,
}
"""How often Celery tries within one call; whether to call again is up to the caller."""


def send(
    app: Celery,
    task_name: TaskName,
    message: Message,
    *,
    queue: QueueName,
    limit_s: int,
) -> None:
    """Send a task. Blocks for up to a few seconds while the server is away.

    Args:
        app: from ``broker_app``.
        task_name: which task.
        message: its argument.
        queue: which queue.
        limit_s: hard time limit in seconds; the soft one follows from it.

    Raises:
        kombu.exceptions.OperationalError: the server cannot be reached.

    """
    app.send_task(
        task_name.value,
        kwargs={"message": message.wire()},
        queue=queue.value,
        routing_key=queue.value,
        time_limit=limit_s,
        soft_time_limit=soft_limit_s(limit_s),
        retry=True,
        retry_policy=PUBLISH_RETRY,
        ignore_result=True,
    )


def send_ingest(app: Celery, track: Track, limits: LimitSettings) -> None:
    """Send the first task of a track's job.

    Sending it twice is harmless: the second finds the job further on.

    Raises:
        kombu.exceptions.OperationalError: the server cannot be reached.

    """
    send(
        app,
        TaskName.INGEST,
        JobMessage(job_id=track.job_id),
        queue=QueueName.SHORT,
        limit_s=download_limit_s(track.file_size or limits.max_file_size),
    )


def send_cleanup(app: Celery, job_id: str) -> None:
    """Have a worker clean up behind a job that was cancelled.

    Any task of a job that is over does so; the reply is the one that every job has.

    Raises:
        kombu.exceptions.OperationalError: the server cannot be reached.

    """
    send(
        app,
        TaskName.REPLY,
        JobMessage(job_id=job_id),
        queue=QueueName.SHORT,
        limit_s=task_limit_s(0),
    )
