"""What is the same for every step: parse, lease, count, run, and answer for failures.

A step's body raises ``GenrebotError`` for what the person is to be told, ``TransientError``
for what may pass, and whatever else happens is a defect of ours: it is logged whole and the
person is told that it is not theirs.
"""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any, cast

from celery import Celery, Task
from celery.exceptions import Reject, SoftTimeLimitExceeded
from kombu.exceptions import OperationalError
from pydantic import ValidationError
from redis.exceptions import LockError, RedisError

from services.worker.context import WorkerContext, worker_context
from services.worker.execution.cleanup import settle, wake
from services.worker.execution.leases import LeasedTask
from services.worker.storage.blob_store import BlobMissingError
from shared.domain.job_state import JobState
from shared.errors import ErrorCode, GenrebotError
from shared.queue.celery_config import QueueName, TaskName
from shared.queue.messages import JobMessage, SegmentMessage

logger = logging.getLogger(__name__)

MAX_RETRIES = 8
"""Tries after the first for what may pass; with the pauses below, about six minutes."""
MAX_REPLY_RETRIES = 40
"""The same for the reply: its verdict has cost the work already, and it keeps for hours."""
FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 120.0

CRASHED = GenrebotError(
    ErrorCode.CRASHED,
    "Something in this file makes the program that reads it break down, every time. "
    "Please convert it to mp3 or wav and send it again.",
)
INTERNAL = GenrebotError(
    ErrorCode.INTERNAL,
    "Something went wrong on our side, not yours; it has been noted. "
    "Please try again in a few minutes.",
)
TOO_SLOW = GenrebotError(
    ErrorCode.UNAVAILABLE,
    "This took far longer than it should have and was stopped. "
    "Please try again later, or send a shorter piece.",
)
UNREACHABLE = GenrebotError(
    ErrorCode.UNAVAILABLE,
    "We could not get hold of the file, though we tried for several minutes. Please send it again.",
)
LOST = GenrebotError(
    ErrorCode.UNAVAILABLE,
    "This track waited so long that its audio was thrown away. Please send it again.",
)


LAST_STAGES = {
    TaskName.INGEST: JobState.FETCHING,
    TaskName.CONVERT: JobState.FEATURIZING,
    TaskName.FEATURIZE: JobState.FEATURIZING,
    TaskName.CLASSIFY: JobState.CLASSIFYING,
    TaskName.REPLY: JobState.REPLYING,
}
"""Stage up to which each step has something to do."""
ANSWERED = "answered"
"""The fact that a verdict stands in the chat; what fails then is not worth a word."""


class TransientError(Exception):
    """Something that may pass.

    Args:
        reason: for the log.
        pause_s: seconds to wait, where the other side named them.

    """

    def __init__(self, reason: str, pause_s: float | None = None) -> None:
        super().__init__(reason)
        self.pause_s = pause_s


Body = Callable[[WorkerContext, Any], None]


def job_task(app: Celery, name: TaskName, message_type: type[JobMessage]) -> Callable[[Body], Task]:
    """Make a Celery task of a step's body.

    Args:
        app: the worker's application.
        name: under which the task is sent.
        message_type: what the body takes.

    """

    def register(body: Body) -> Task:
        def run(task: Task, message: dict[str, Any]) -> None:
            _run(task, name, message_type, body, message)

        run.__doc__ = body.__doc__
        run.__module__ = body.__module__
        retries = MAX_REPLY_RETRIES if name is TaskName.REPLY else MAX_RETRIES
        # Not shared: Celery would hand the task to every application of this process.
        return app.task(run, name=name.value, bind=True, shared=False, max_retries=retries)

    return register


def _run(
    task: Task, name: TaskName, message_type: type[JobMessage], body: Body, raw: dict[str, Any]
) -> None:
    ctx = worker_context(task.app)
    try:
        message = message_type.model_validate(raw)
    except ValidationError:
        logger.exception("%s got a message that this release does not know", name)
        _refuse(ctx, raw, name)
        return
    leased = _leased_task(task, name, message)
    with ExitStack() as stack:
        try:
            stack.enter_context(ctx.leases.hold(leased))
        except RedisError as error:
            # Without a lease nobody would miss the task: it must not be acknowledged.
            raise Reject(str(error), requeue=True) from error
        _counted(task, ctx, leased, partial(body, ctx, message))


def _counted(task: Task, ctx: WorkerContext, leased: LeasedTask, call: Callable[[], None]) -> None:
    """Run a step unless too many of its runs have ended in their worker's death."""
    job_id, label = leased.job_id, _label(leased)
    starts = ctx.jobs.begin(job_id, label)
    try:
        if not starts:
            logger.info("%s: job %s is forgotten", leased.task_name, job_id)
        elif starts > ctx.job_settings.max_attempts:
            logger.error("%s of job %s killed its worker, again", leased.task_name, job_id)
            _fail(
                ctx, job_id, CRASHED, leased.task_name, tell=leased.task_name is not TaskName.REPLY
            )
        else:
            with ctx.meter.timed(leased.task_name):
                _guarded(task, ctx, leased, call)
    finally:
        ctx.jobs.end(job_id, label)
    if ctx.jobs.fact(job_id, "final"):
        settle(ctx, job_id)


def _guarded(task: Task, ctx: WorkerContext, leased: LeasedTask, call: Callable[[], None]) -> None:
    fail = partial(_fail, ctx, leased.job_id, name=leased.task_name)
    try:
        call()
    except GenrebotError as error:
        logger.info("job %s: %s", leased.job_id, error.code)
        fail(error)
    except BlobMissingError as error:
        logger.warning("job %s: %s", leased.job_id, error)
        fail(LOST)
    except SoftTimeLimitExceeded:
        logger.error("%s of job %s took too long", leased.task_name, leased.job_id)  # noqa: TRY400
        fail(TOO_SLOW)
    except (TransientError, RedisError, LockError, OperationalError) as error:
        _try_again(task, ctx, leased, error)
    except Exception:
        logger.exception("%s of job %s is at fault", leased.task_name, leased.job_id)
        fail(INTERNAL)


def _try_again(task: Task, ctx: WorkerContext, leased: LeasedTask, error: Exception) -> None:
    retries = cast("int", task.request.retries)
    if retries >= task.max_retries:
        logger.error("%s of job %s: given up: %s", leased.task_name, leased.job_id, error)
        _fail(
            ctx,
            leased.job_id,
            UNREACHABLE,
            leased.task_name,
            tell=leased.task_name is not TaskName.REPLY,
        )
        return
    pause = getattr(error, "pause_s", None) or min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0**retries)
    logger.warning(
        "%s of job %s again in %.0f s: %s", leased.task_name, leased.job_id, pause, error
    )
    ctx.leases.postpone(leased, pause)
    raise task.retry(exc=error, countdown=pause)


def _fail(
    ctx: WorkerContext, job_id: str, error: GenrebotError, name: TaskName, *, tell: bool = True
) -> None:
    """Note the reason and have it told.

    Where that fails which should tell of it, nobody is left to: then the job just ends.
    """
    if _is_past(ctx, job_id, name):
        logger.info("%s: job %s went on without this run", name, job_id)
        return
    if name is TaskName.REPLY and ctx.jobs.fact(job_id, ANSWERED):
        ctx.jobs.advance(job_id, JobState.DONE)
        return
    news = ctx.jobs.fail(job_id, error)
    wake(ctx, job_id)
    if tell and (news or name is not TaskName.REPLY):
        ctx.dispatcher.reply(job_id)
    else:
        ctx.jobs.advance(job_id, JobState.FAILED)


def _is_past(ctx: WorkerContext, job_id: str, name: TaskName) -> bool:
    """Whether the job needs this step no more: another run of it has come through."""
    rank = ctx.jobs.fact(job_id, "rank")
    return rank is None or int(rank) > LAST_STAGES[name].rank


def _refuse(ctx: WorkerContext, raw: object, name: TaskName) -> None:
    """Fail the job of a message that cannot be read, where it can be told whose it is."""
    job_id = raw.get("job_id") if isinstance(raw, dict) else None
    try:
        message = JobMessage.model_validate({"job_id": job_id})
    except ValidationError:
        return
    _fail(ctx, message.job_id, INTERNAL, name)


def _leased_task(task: Task, name: TaskName, message: JobMessage) -> LeasedTask:
    hard, _soft = task.request.timelimit or (None, None)
    queue = (task.request.delivery_info or {}).get("routing_key") or QueueName.SHORT
    return LeasedTask(
        task_name=name,
        job_id=message.job_id,
        segment=message.segment if isinstance(message, SegmentMessage) else None,
        queue=QueueName(queue),
        limit_s=int(hard or 0) or 300,
    )


def _label(leased: LeasedTask) -> str:
    if leased.segment is None:
        return leased.task_name.value
    return f"{leased.task_name}:{leased.segment}"
