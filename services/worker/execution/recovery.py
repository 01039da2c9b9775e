"""Recovery: finds jobs without message or lease, and sends on what they wait for.

A lease brings back a task that a worker had begun. A message can also be lost before that: taken
from the queue by a worker that is killed just before the lease, or written in the last second
before a power cut. So now and then one worker looks for active jobs of which there is neither a
message nor a lease. Tasks are idempotent: at worst one runs twice.

Jobs that wait for earlier ones of the same user, or that follow another job, rightly have neither.
For them recovery checks whether they may start meanwhile, or whether the other job will never have
a result.
"""

import base64
import json
import logging
import time
from collections.abc import Iterable, Iterator
from typing import Any, Final, cast

from services.worker.context import WorkerContext
from services.worker.dispatch.leases import LeasedTask
from shared.queue.tasks import QueueName
from shared.store.job_view import JobView
from shared.store.keys import BACKLOG_CHECK_PAUSE, LEASES, RECOVERY_PAUSE, UNTRACED_JOBS

logger = logging.getLogger(__name__)

# Kombu's own keys: messages that were delivered and are not acknowledged, and when.
UNACKED: Final = "unacked"
UNACKED_INDEX: Final = "unacked_index"

BACKLOG_CHECK_S: Final = 600
"""Seconds between two comparisons of the backlog's counters with the jobs."""


def sweep(ctx: WorkerContext) -> int:
    """Look for lost jobs, unless a worker has just done so.

    Returns:
        How many jobs were sent on.

    """
    redis, lease_s = ctx.jobs.redis, ctx.job_settings.lease_s
    if not redis.set(RECOVERY_PAUSE, "1", nx=True, px=round(lease_s * 1000)):
        return 0
    _check_backlog(ctx)
    active = set(ctx.jobs.active())
    untraced = active - set(_traces(ctx)) if active else active
    now = time.time()
    since = dict(
        cast("list[tuple[str, float]]", redis.zrange(UNTRACED_JOBS, 0, -1, withscores=True))
    )
    if traced := since.keys() - untraced:
        redis.zrem(UNTRACED_JOBS, *traced)
    # Twice in a row, as a message that is being delivered is in neither place for a moment.
    lost = [job_id for job_id in untraced & since.keys() if since[job_id] <= now - lease_s]
    if noted := [*(untraced - since.keys()), *lost]:
        redis.zadd(UNTRACED_JOBS, dict.fromkeys(noted, now))
    return sum(recover(ctx, job_id) for job_id in lost)


def recover(ctx: WorkerContext, job_id: str) -> bool:
    """Send on what a job waits for; return whether there was anything to send."""
    view = ctx.jobs.view(job_id)
    if view is None or view.state.final:
        ctx.jobs.drop_from_lists(job_id)
        return False
    if view.user_position is not None:
        return _admit(ctx, view)
    if view.leader is not None and view.leader.may_give_result:
        return False
    logger.warning("job %s was lost while %s and is sent on", job_id, view.state)
    ctx.dispatcher.resume(view)
    return True


def _check_backlog(ctx: WorkerContext) -> None:
    """Correct the backlog's counters, unless a worker has done so lately."""
    if not ctx.jobs.redis.set(BACKLOG_CHECK_PAUSE, "1", nx=True, ex=BACKLOG_CHECK_S):
        return
    if differences := ctx.jobs.backlog.reconcile():
        logger.warning("%d counters of the backlog were corrected", len(differences))


def _admit(ctx: WorkerContext, view: JobView) -> bool:
    """Start a user's next jobs, in case an earlier one ended unnoticed."""
    admitted = ctx.jobs.user_slots.admit(view.track.user)
    ctx.dispatcher.start(admitted)
    return view.job_id in admitted


def _traces(ctx: WorkerContext) -> Iterator[str]:
    """Yield the ids of jobs of which there is a message or a lease, some several times."""
    redis = ctx.jobs.redis
    for member in cast("list[str]", redis.zrange(LEASES, 0, -1)):
        try:
            yield LeasedTask.model_validate_json(member).job_id
        except ValueError:
            continue
    for queue in QueueName:
        yield from _job_ids(
            json.loads(raw) for raw in cast("list[str]", redis.lrange(queue, 0, -1))
        )
    # A message that was delivered longer ago would have a lease by now.
    since = time.time() - ctx.job_settings.lease_s
    tags = cast("list[str]", redis.zrange(UNACKED_INDEX, since, "+inf", byscore=True))
    if tags:
        delivered = cast("list[str | None]", redis.hmget(UNACKED, tags))
        yield from _job_ids(json.loads(raw)[0] for raw in delivered if raw)


def _job_ids(envelopes: Iterable[dict[str, Any]]) -> Iterator[str]:
    for envelope in envelopes:
        try:
            _, kwargs, _ = json.loads(base64.b64decode(envelope["body"]))
            yield str(kwargs["message"]["job_id"])
        except (KeyError, TypeError, ValueError):
            continue  # not a message of this product
