"""A worker that starts in a tenth of the time: the real configuration, and tasks that wait.

Its end is that of the real one, which is Celery's, and ``services.worker.shutdown``; what it lacks
is the music. ``python -m tests.services.worker.ends.waiting_worker ARGUMENTS``
"""

import os
import signal
import sys
import threading

from celery import Task
from celery.signals import worker_process_init
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from services.worker import shutdown
from services.worker.celery_app import app
from shared import logs
from shared.queue.tasks import QueueName, TaskName

BEGUN, GO, ENDED, FORKED = "begun", "go", "ended", "forked"
"""Lists in Redis: tasks that have begun, word to go on, tasks that have ended, new processes."""
ENDLESS_S = 600


def _redis() -> "Redis":
    return Redis.from_url(os.environ["REDIS_URL"])


def wait(task: Task, message: object) -> None:  # noqa: ARG001 - as tasks are called
    """Say that it has begun, and wait for the word, which never comes from a dead queue."""
    if "DEAF" in os.environ:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with _redis() as redis:
            redis.rpush(BEGUN, task.request.id)
            redis.blpop([GO], ENDLESS_S)
            redis.rpush(ENDED, task.request.id)
    except RedisConnectionError:
        threading.Event().wait(ENDLESS_S)


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _tell_of_the_fork(**_: object) -> None:
    with _redis() as redis:
        redis.rpush(FORKED, os.getpid())


def main(arguments: list[str]) -> None:
    """Run until told to end."""
    logs.configure("info")
    for name in ("TASK_GRACE_S", "KILL_AFTER_S"):
        setattr(shutdown, name, float(os.environ.get(name, getattr(shutdown, name))))
    app.conf.include = [shutdown.__name__]
    app.task(wait, name=TaskName.INGEST.value, bind=True, shared=False)
    app.worker_main(
        [
            "worker",
            "--queues=" + ",".join(queue.value for queue in QueueName),
            "--loglevel=INFO",
            "--without-mingle",
            "--without-gossip",
            *arguments,
        ]
    )


if __name__ == "__main__":
    main(sys.argv[1:])
