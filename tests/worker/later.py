"""What a worker finds when it looks for lost jobs some time later."""

from redis import Redis

from services.worker import rescue
from services.worker.resources import Resources


def let_time_pass(own: Resources, redis: Redis) -> int:
    """Two looks for lost jobs with a lease's length between them; what was sent on."""
    redis.delete(rescue.TURN)
    before = rescue.look(own)
    redis.delete(rescue.TURN)
    for job_id, first in redis.zrange(rescue.QUIET, 0, -1, withscores=True):  # type: ignore[union-attr]
        redis.zadd(rescue.QUIET, {job_id: first - own.job_settings.lease_s})
    return before + rescue.look(own)
