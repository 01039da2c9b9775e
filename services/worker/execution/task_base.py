"""Makes Celery tasks of functions: parses the message and hands it to ``task_run``."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from celery import Celery, Task
from pydantic import ValidationError

from services.worker.context import WorkerContext, worker_context
from services.worker.dispatch.leases import LeasedTask
from services.worker.execution.errors import INTERNAL, max_retries
from services.worker.execution.task_run import fail_job, run_leased
from shared.queue.messages import JobMessage, SegmentMessage
from shared.queue.tasks import QueueName, TaskName

logger = logging.getLogger(__name__)

DEFAULT_LIMIT_S = 300
"""Hard time limit, in seconds, of a task that was sent without one."""

Body = Callable[[WorkerContext, Any], None]


def job_task(app: Celery, name: TaskName, message_type: type[JobMessage]) -> Callable[[Body], Task]:
    """Make a Celery task of a function.

    Args:
        app: the worker's application.
        name: under which the task is sent.
        message_type: what the function takes.

    """

    def register(body: Body) -> Task:
        def run(task: Task, message: dict[str, Any]) -> None:
            _run(task, name, message_type, body, message)

        run.__doc__ = body.__doc__
        run.__module__ = body.__module__
        # Not shared: Celery would give the task to every application of this process.
        return app.task(
            run, name=name.value, bind=True, shared=False, max_retries=max_retries(name)
        )

    return register


def _run(
    task: Task, name: TaskName, message_type: type[JobMessage], body: Body, raw: dict[str, Any]
) -> None:
    ctx = worker_context(task.app)
    try:
        message = message_type.model_validate(raw)
    except ValidationError as error:
        reason = _reason(error)
        logger.error("%s got a message that this release does not understand: %s", name, reason)  # noqa: TRY400 - a traceback adds nothing
        ctx.dead_letters.add(name, raw, reason)
        _refuse(ctx, raw, name)
        return
    run_leased(task, ctx, _leased_task(task, name, message), partial(body, ctx, message))


def _reason(error: ValidationError) -> str:
    """Name the fields that are wrong, without what they hold."""
    details = error.errors(include_input=False, include_url=False)
    return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in details)


def _refuse(ctx: WorkerContext, raw: object, name: TaskName) -> None:
    """Fail the job that a message names, if it names one."""
    job_id = raw.get("job_id") if isinstance(raw, dict) else None
    try:
        message = JobMessage.model_validate({"job_id": job_id})
    except ValidationError:
        return
    fail_job(ctx, message.job_id, INTERNAL, name)


def _leased_task(task: Task, name: TaskName, message: JobMessage) -> LeasedTask:
    hard, _soft = task.request.timelimit or (None, None)
    queue = (task.request.delivery_info or {}).get("routing_key") or QueueName.SHORT
    return LeasedTask(
        task_name=name,
        job_id=message.job_id,
        segment=message.segment if isinstance(message, SegmentMessage) else None,
        queue=QueueName(queue),
        limit_s=int(hard or 0) or DEFAULT_LIMIT_S,
    )
