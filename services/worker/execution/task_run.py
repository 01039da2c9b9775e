"""One run of a task: leased, counted, and its errors dealt with.

A task raises ``GenrebotError`` for what the user is to be told and ``TransientError`` for what may
pass. Anything else is a defect: it is logged with its traceback, and the user is told that it is
not their fault.
"""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Final, cast

from celery import Task
from celery.exceptions import Reject, SoftTimeLimitExceeded
from kombu.exceptions import OperationalError
from redis.exceptions import LockError, RedisError

from services.worker.context import WorkerContext
from services.worker.dispatch.leases import LeasedTask
from services.worker.execution.cleanup import finish, start_followers
from services.worker.execution.errors import (
    CRASHED,
    EXPIRED,
    INTERNAL,
    TOO_SLOW,
    UNREACHABLE,
    pause_s,
)
from services.worker.storage.blob_store import BlobMissingError
from shared.domain.job_state import JobState
from shared.errors import GenrebotError, JobOverError, TransientError
from shared.queue.tasks import TaskName
from shared.store.keys import JobField

logger = logging.getLogger(__name__)

LAST_STATES: Final = {
    TaskName.INGEST: JobState.FETCHING,
    TaskName.CONVERT: JobState.FEATURIZING,
    TaskName.FEATURIZE: JobState.FEATURIZING,
    TaskName.CLASSIFY: JobState.CLASSIFYING,
    TaskName.REPLY: JobState.REPLYING,
}
"""The last state of a job in which each task has something to do."""


def run_leased(
    task: Task, ctx: WorkerContext, leased: LeasedTask, call: Callable[[], None]
) -> None:
    """Run a task under a lease.

    Args:
        task: Celery's task, which is retried if need be.
        ctx: what the tasks share.
        leased: describes the task, so that it can be sent again.
        call: does the work.

    Raises:
        celery.exceptions.Reject: Redis is away, and the task goes back to the queue.
        celery.exceptions.Retry: something failed that may pass.

    """
    with ExitStack() as stack:
        try:
            stack.enter_context(ctx.leases.hold(leased))
        except RedisError as error:
            # Without a lease nobody would notice the worker's death: do not acknowledge.
            raise Reject(str(error), requeue=True) from error
        _run_counted(task, ctx, leased, call)


def fail_job(
    ctx: WorkerContext, job_id: str, error: GenrebotError, name: TaskName, *, tell: bool = True
) -> None:
    """Record why a job fails, and have the user told.

    Args:
        ctx: what the tasks share.
        job_id: which job.
        error: the reason.
        name: the task that failed. If it is the reply that was to tell the reason, the job just
            ends.
        tell: whether to tell the user.

    """
    if _is_past(ctx, job_id, name):
        logger.info("%s: job %s has gone on without this run", name, job_id)
        return
    if name is TaskName.REPLY and ctx.jobs.fact(job_id, JobField.ANSWERED):
        ctx.jobs.advance(job_id, JobState.DONE)
        return
    is_first = ctx.jobs.fail(job_id, error)
    start_followers(ctx, job_id)
    if tell and (is_first or name is not TaskName.REPLY):
        ctx.dispatcher.reply(job_id)
    else:
        ctx.jobs.advance(job_id, JobState.FAILED)


def _run_counted(
    task: Task, ctx: WorkerContext, leased: LeasedTask, call: Callable[[], None]
) -> None:
    """Run a task unless too many of its runs have ended in their worker's death."""
    job_id, name = leased.job_id, leased.task_name
    runs = ctx.jobs.begin_run(job_id, leased.run_name)
    try:
        if not runs:
            logger.info("%s: job %s is forgotten", name, job_id)
        elif runs > ctx.job_settings.max_attempts:
            logger.error("%s of job %s has killed its worker again", name, job_id)
            fail_job(ctx, job_id, CRASHED, name, tell=name is not TaskName.REPLY)
        else:
            with ctx.cost_recorder.timed(name):
                _run_guarded(task, ctx, leased, call)
    finally:
        ctx.jobs.end_run(job_id, leased.run_name)
    if ctx.jobs.is_over(job_id):
        finish(ctx, job_id)


def _run_guarded(
    task: Task, ctx: WorkerContext, leased: LeasedTask, call: Callable[[], None]
) -> None:
    fail = partial(fail_job, ctx, leased.job_id, name=leased.task_name)
    try:
        call()
    except JobOverError:
        logger.info("%s: job %s is over", leased.task_name, leased.job_id)
    except GenrebotError as error:
        logger.info("job %s: %s", leased.job_id, error.code)
        fail(error)
    except BlobMissingError as error:
        logger.warning("job %s: %s", leased.job_id, error)
        fail(EXPIRED)
    except SoftTimeLimitExceeded:
        logger.error("%s of job %s took too long", leased.task_name, leased.job_id)  # noqa: TRY400
        fail(TOO_SLOW)
    except (TransientError, RedisError, LockError, OperationalError) as error:
        _retry(task, ctx, leased, error)
    except Exception:
        logger.exception("%s of job %s has a defect", leased.task_name, leased.job_id)
        fail(INTERNAL)


def _retry(task: Task, ctx: WorkerContext, leased: LeasedTask, error: Exception) -> None:
    retries, name = cast("int", task.request.retries), leased.task_name
    if retries >= task.max_retries:
        logger.error("%s of job %s is given up: %s", name, leased.job_id, error)
        fail_job(ctx, leased.job_id, UNREACHABLE, name, tell=name is not TaskName.REPLY)
        return
    pause = getattr(error, "pause_s", None) or pause_s(retries)
    logger.warning("%s of job %s again in %.0f s: %s", name, leased.job_id, pause, error)
    ctx.leases.postpone(leased, pause)
    raise task.retry(exc=error, countdown=pause)


def _is_past(ctx: WorkerContext, job_id: str, name: TaskName) -> bool:
    """Return whether the job no longer needs this task: another run of it has succeeded."""
    state = ctx.jobs.state(job_id)
    return state is None or state.rank > LAST_STATES[name].rank
