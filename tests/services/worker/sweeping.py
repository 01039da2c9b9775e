"""Lets recovery look for lost jobs some time later."""

from redis import Redis

from services.worker.context import WorkerContext
from services.worker.execution import recovery
from shared.store.keys import RECOVERY_PAUSE, UNTRACED_JOBS


def sweep_later(ctx: WorkerContext, redis: Redis) -> int:
    """Sweep twice with a lease's length in between; return how many jobs were sent on."""
    redis.delete(RECOVERY_PAUSE)
    before = recovery.sweep(ctx)
    redis.delete(RECOVERY_PAUSE)
    for job_id, first in redis.zrange(UNTRACED_JOBS, 0, -1, withscores=True):  # type: ignore[union-attr]
        redis.zadd(UNTRACED_JOBS, {job_id: first - ctx.job_settings.lease_s})
    return before + recovery.sweep(ctx)
