"""What is the same for every step: parse, lease, count, run, and answer for failures.

A step's body raises ``GenrebotError`` for what the person is to be told, ``TransientError``
for what may pass, and whatever else happens is a defect of ours: it is logged whole and the
person is told that it is not theirs.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from celery import Celery, Task
from celery.exceptions import Retry, SoftTimeLimitExceeded
from kombu.exceptions import OperationalError
from pydantic import ValidationError
from redis.exceptions import LockError, RedisError

from services.worker.leases import Errand
from services.worker.resources import Resources, resources
from shared.broker import Lane, Step
from shared.errors import ErrorCode, GenrebotError
from shared.messages import JobMessage, SegmentMessage
from shared.spool import BlobMissingError
from shared.stages import Stage

logger = logging.getLogger(__name__)

MAX_RETRIES = 8
"""Tries after the first for what may pass; with the pauses below, about eight minutes."""
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


class TransientError(Exception):
    """Something that may pass.

    Args:
        reason: for the log.
        pause_s: seconds to wait, where the other side named them.

    """

    def __init__(self, reason: str, pause_s: float | None = None) -> None:
        super().__init__(reason)
        self.pause_s = pause_s


Body = Callable[[Resources, Any], None]


def step(app: Celery, name: Step, message_type: type[JobMessage]) -> Callable[[Body], Task]:
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
        return app.task(run, name=name.value, bind=True, max_retries=MAX_RETRIES)

    return register


def _run(
    task: Task, name: Step, message_type: type[JobMessage], body: Body, raw: dict[str, Any]
) -> None:
    own = resources(task.app)
    try:
        message = message_type.model_validate(raw)
    except ValidationError:
        logger.exception("%s got a message that this release does not know", name)
        _fail(own, str(raw.get("job_id", "")), INTERNAL, name)
        return
    errand = _errand(task, name, message)
    label = _label(name, message)
    with own.leases.hold(errand):
        starts = own.jobs.begin(message.job_id, label)
        try:
            if not starts:
                logger.info("%s: job %s is forgotten", name, message.job_id)
            elif starts > own.job_settings.max_attempts:
                logger.error("%s of job %s killed its worker, again", name, message.job_id)
                _fail(own, message.job_id, CRASHED, name)
            else:
                _guarded(task, own, errand, partial(body, own, message))
        except Retry:
            own.jobs.end(message.job_id, label)
            raise
        own.jobs.end(message.job_id, label)


def _guarded(task: Task, own: Resources, errand: Errand, call: Callable[[], None]) -> None:
    fail = partial(_fail, own, errand.job_id, name=errand.step)
    try:
        call()
    except GenrebotError as error:
        logger.info("job %s: %s", errand.job_id, error.code)
        fail(error)
    except BlobMissingError as error:
        logger.warning("job %s: %s", errand.job_id, error)
        fail(LOST)
    except SoftTimeLimitExceeded:
        logger.error("%s of job %s took too long", errand.step, errand.job_id)  # noqa: TRY400
        fail(TOO_SLOW)
    except (TransientError, RedisError, LockError, OperationalError) as error:
        _try_again(task, own, errand, error)
    except Exception:
        logger.exception("%s of job %s is at fault", errand.step, errand.job_id)
        fail(INTERNAL)


def _try_again(task: Task, own: Resources, errand: Errand, error: Exception) -> None:
    retries = cast("int", task.request.retries)
    if retries >= MAX_RETRIES:
        logger.error("%s of job %s: given up: %s", errand.step, errand.job_id, error)
        _fail(own, errand.job_id, UNREACHABLE, errand.step)
        return
    pause = getattr(error, "pause_s", None) or min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**retries)
    logger.warning("%s of job %s again in %.0f s: %s", errand.step, errand.job_id, pause, error)
    own.leases.postpone(errand, pause)
    raise task.retry(exc=error, countdown=pause)


def _fail(own: Resources, job_id: str, error: GenrebotError, name: Step) -> None:
    """Note the reason and have it told; a failing reply has nobody left to tell it."""
    if name is Step.REPLY:
        own.jobs.advance(job_id, Stage.FAILED)
        own.spool.delete(job_id)
        return
    own.jobs.fail(job_id, error)
    own.flow.reply(job_id)


def _errand(task: Task, name: Step, message: JobMessage) -> Errand:
    hard, _soft = task.request.timelimit or (None, None)
    lane = (task.request.delivery_info or {}).get("routing_key") or Lane.SHORT
    return Errand(
        step=name,
        job_id=message.job_id,
        segment=message.segment if isinstance(message, SegmentMessage) else None,
        lane=Lane(lane),
        limit_s=int(hard or 0) or 300,
    )


def _label(name: Step, message: JobMessage) -> str:
    if isinstance(message, SegmentMessage):
        return f"{name}:{message.segment}"
    return name.value
