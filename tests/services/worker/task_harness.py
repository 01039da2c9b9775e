"""Runs tasks with bodies of a test's own, to see what ``task_run`` makes of them."""

from collections.abc import Callable
from typing import Any

from celery import Celery

from services.worker.context import WorkerContext, worker_context
from services.worker.execution.task_base import job_task
from shared.queue.celery_config import broker_app
from shared.queue.messages import JobMessage, SegmentMessage
from shared.queue.sending import send
from shared.queue.tasks import QueueName, TaskName
from shared.settings import LimitSettings, RedisSettings
from tests.services.worker.manual_worker import ManualWorker, Sent
from tests.shared.samples import received


class TaskHarness:
    """An application whose tasks do what a test says."""

    def __init__(self, redis: RedisSettings) -> None:
        self.app: Celery = broker_app(redis, LimitSettings())
        self.ctx: WorkerContext = worker_context(self.app)
        self.worker = ManualWorker(self.app, self.ctx.blobs.redis)
        self.runs: list[object] = []
        self.state = ""
        """Celery's state of the task that ``fail_with`` ran."""

    def task_name(
        self, body: Callable[[WorkerContext, Any], None], name: TaskName = TaskName.CONVERT
    ) -> None:
        """Make a task of a body; ``runs`` holds a message for each run."""

        def counted(ctx: WorkerContext, message: Any) -> None:
            self.runs.append(message)
            body(ctx, message)

        self.app.tasks.pop(name.value, None)
        of_segments = name is TaskName.FEATURIZE
        job_task(self.app, name, SegmentMessage if of_segments else JobMessage)(counted)

    def send(self, job_id: str, name: TaskName = TaskName.CONVERT, **fields: Any) -> Sent:
        """Send a task and take it off the queue again."""
        message = SegmentMessage if name is TaskName.FEATURIZE else JobMessage
        send(self.app, name, message(job_id=job_id, **fields), queue=QueueName.LONG, limit_s=200)
        return self.worker.take()

    def fail_with(self, error: Exception, name: TaskName = TaskName.CONVERT, **request: Any) -> str:
        """Run a task that raises, for a new job; return the job's id."""

        def body(_own: WorkerContext, _message: JobMessage) -> None:
            raise error

        self.task_name(body, name)
        job_id = received(self.ctx.jobs)
        self.state = self.worker.run(self.send(job_id, name), **request)
        return job_id
