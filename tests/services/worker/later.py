"""What a worker finds when it looks for lost jobs some time later."""

from redis import Redis

from services.worker.context import WorkerContext
from services.worker.execution import recovery


def let_time_pass(ctx: WorkerContext, redis: Redis) -> int:
    """Two looks for lost jobs with a lease's length between them; what was sent on."""
    redis.delete(recovery.TURN)
    before = recovery.look(ctx)
    redis.delete(recovery.TURN)
    for job_id, first in redis.zrange(recovery.QUIET, 0, -1, withscores=True):  # type: ignore[union-attr]
        redis.zadd(recovery.QUIET, {job_id: first - ctx.job_settings.lease_s})
    return before + recovery.look(ctx)
