"""Rescue: how a job is found whose message is nowhere.

A lease brings back what a worker had begun. A message can also be lost before that: taken
off the queue by a worker that is killed, or whose Redis restarts, just before the lease; or
written in the last second before a power cut. So now and then one worker looks for jobs that
are not over and of which there is neither a message nor a lease, and sends on what they wait
for. Steps are idempotent: at worst one runs twice. Jobs that wait for earlier ones of the same
person, or for another one's answer, have neither by right; for them it looks whether their turn
has come, or whether that other one will never answer.
"""

import base64
import json
import logging
import time
from collections.abc import Iterable, Iterator
from typing import Any, cast

from services.worker.context import WorkerContext
from services.worker.execution.leases import LEASES, LeasedTask
from shared.queue.celery_config import QueueName
from shared.store.jobs import JobView
from shared.store.redis_client import key

logger = logging.getLogger(__name__)

QUIET = key("jobs", "quiet")
"""Sorted set of jobs without a trace, by the time when that was first seen."""
TURN = key("jobs", "quiet", "turn")
"""Exists while it is too early for the next look, whichever worker takes it."""
# kombu's own keys, which may be set and here are not: delivered and not acknowledged.
UNACKED, UNACKED_TIMES = "unacked", "unacked_index"


def look(ctx: WorkerContext) -> int:
    """Look for lost jobs, unless somebody has just done so.

    Returns:
        How many jobs were sent on.

    """
    redis, length_s = ctx.jobs.redis, ctx.job_settings.lease_s
    if not redis.set(TURN, "1", nx=True, px=round(length_s * 1000)):
        return 0
    active = set(ctx.jobs.active())
    quiet = active - set(_traces(ctx)) if active else active
    now = time.time()
    seen = dict(cast("list[tuple[str, float]]", redis.zrange(QUIET, 0, -1, withscores=True)))
    if over := seen.keys() - quiet:
        redis.zrem(QUIET, *over)
    # Twice in a row: a message on its way from one place to the next is in neither.
    lost = [job_id for job_id in quiet & seen.keys() if seen[job_id] <= now - length_s]
    if fresh := [*(quiet - seen.keys()), *lost]:
        redis.zadd(QUIET, dict.fromkeys(fresh, now))
    return sum(_send_on(ctx, job_id) for job_id in lost)


def _send_on(ctx: WorkerContext, job_id: str) -> bool:
    view = ctx.jobs.view(job_id)
    if view is None or view.state.final:
        ctx.jobs.drop_from_lists(job_id)
        return False
    if view.place is not None:
        return _let_in(ctx, view)
    if view.leader is not None and view.leader.is_at_work:
        return False
    logger.warning("job %s was lost while %s and is sent on", job_id, view.state)
    ctx.dispatcher.resume(view)
    return True


def _let_in(ctx: WorkerContext, view: JobView) -> bool:
    """Start whoever is next of a held job's person, where an earlier job ended unnoticed."""
    admitted = ctx.jobs.user_slots.admit(view.track.person)
    ctx.dispatcher.start(admitted)
    return view.job_id in admitted


def _traces(ctx: WorkerContext) -> Iterator[str]:
    """Ids of jobs of which there is a message or a lease; some come several times."""
    redis = ctx.jobs.redis
    for member in cast("list[str]", redis.zrange(LEASES, 0, -1)):
        try:
            yield LeasedTask.model_validate_json(member).job_id
        except ValueError:
            continue
    for queue in QueueName:
        yield from _jobs_of(
            json.loads(raw) for raw in cast("list[str]", redis.lrange(queue, 0, -1))
        )
    # What has been delivered for longer than a lease would have one.
    since = time.time() - ctx.job_settings.lease_s
    tags = cast("list[str]", redis.zrange(UNACKED_TIMES, since, "+inf", byscore=True))
    if tags:
        delivered = cast("list[str | None]", redis.hmget(UNACKED, tags))
        yield from _jobs_of(json.loads(raw)[0] for raw in delivered if raw)


def _jobs_of(envelopes: Iterable[dict[str, Any]]) -> Iterator[str]:
    for envelope in envelopes:
        try:
            _, kwargs, _ = json.loads(base64.b64decode(envelope["body"]))
            yield str(kwargs["message"]["job_id"])
        except (KeyError, TypeError, ValueError):
            continue  # not one of ours
