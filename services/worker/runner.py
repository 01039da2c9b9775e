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

from services.worker.ending import settle, wake
from services.worker.leases import Errand
from services.worker.resources import Resources, resources
from shared.broker import Lane, Step
from shared.errors import ErrorCode, GenrebotError
from shared.messages import JobMessage, SegmentMessage
from shared.spool import BlobMissingError
from shared.stages import Stage

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
    Step.INGEST: Stage.FETCHING,
    Step.CONVERT: Stage.FEATURIZING,
    Step.FEATURIZE: Stage.FEATURIZING,
    Step.CLASSIFY: Stage.CLASSIFYING,
    Step.REPLY: Stage.REPLYING,
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
        retries = MAX_REPLY_RETRIES if name is Step.REPLY else MAX_RETRIES
        # Not shared: Celery would hand the task to every application of this process.
        return app.task(run, name=name.value, bind=True, shared=False, max_retries=retries)

    return register


def _run(
    task: Task, name: Step, message_type: type[JobMessage], body: Body, raw: dict[str, Any]
) -> None:
    own = resources(task.app)
    try:
        message = message_type.model_validate(raw)
    except ValidationError:
        logger.exception("%s got a message that this release does not know", name)
        _refuse(own, raw, name)
        return
    errand = _errand(task, name, message)
    with ExitStack() as stack:
        try:
            stack.enter_context(own.leases.hold(errand))
        except RedisError as error:
            # Without a lease nobody would miss the task: it must not be acknowledged.
            raise Reject(str(error), requeue=True) from error
        _counted(task, own, errand, partial(body, own, message))


def _counted(task: Task, own: Resources, errand: Errand, call: Callable[[], None]) -> None:
    """Run a step unless too many of its runs have ended in their worker's death."""
    job_id, label = errand.job_id, _label(errand)
    starts = own.jobs.begin(job_id, label)
    try:
        if not starts:
            logger.info("%s: job %s is forgotten", errand.step, job_id)
        elif starts > own.job_settings.max_attempts:
            logger.error("%s of job %s killed its worker, again", errand.step, job_id)
            _fail(own, job_id, CRASHED, errand.step, tell=errand.step is not Step.REPLY)
        else:
            with own.meter.timed(errand.step):
                _guarded(task, own, errand, call)
    finally:
        own.jobs.end(job_id, label)
    if own.jobs.fact(job_id, "final"):
        settle(own, job_id)


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
    if retries >= task.max_retries:
        logger.error("%s of job %s: given up: %s", errand.step, errand.job_id, error)
        _fail(own, errand.job_id, UNREACHABLE, errand.step, tell=errand.step is not Step.REPLY)
        return
    pause = getattr(error, "pause_s", None) or min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0**retries)
    logger.warning("%s of job %s again in %.0f s: %s", errand.step, errand.job_id, pause, error)
    own.leases.postpone(errand, pause)
    raise task.retry(exc=error, countdown=pause)


def _fail(
    own: Resources, job_id: str, error: GenrebotError, name: Step, *, tell: bool = True
) -> None:
    """Note the reason and have it told.

    Where that fails which should tell of it, nobody is left to: then the job just ends.
    """
    if _is_past(own, job_id, name):
        logger.info("%s: job %s went on without this run", name, job_id)
        return
    if name is Step.REPLY and own.jobs.fact(job_id, ANSWERED):
        own.jobs.advance(job_id, Stage.DONE)
        return
    news = own.jobs.fail(job_id, error)
    wake(own, job_id)
    if tell and (news or name is not Step.REPLY):
        own.flow.reply(job_id)
    else:
        own.jobs.advance(job_id, Stage.FAILED)


def _is_past(own: Resources, job_id: str, name: Step) -> bool:
    """Whether the job needs this step no more: another run of it has come through."""
    rank = own.jobs.fact(job_id, "rank")
    return rank is None or int(rank) > LAST_STAGES[name].rank


def _refuse(own: Resources, raw: object, name: Step) -> None:
    """Fail the job of a message that cannot be read, where it can be told whose it is."""
    job_id = raw.get("job_id") if isinstance(raw, dict) else None
    try:
        message = JobMessage.model_validate({"job_id": job_id})
    except ValidationError:
        return
    _fail(own, message.job_id, INTERNAL, name)


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


def _label(errand: Errand) -> str:
    if errand.segment is None:
        return errand.step.value
    return f"{errand.step}:{errand.segment}"
