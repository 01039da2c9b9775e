"""The backlog: audio that was accepted and is not featurized yet, kept in counters.

A job counts towards its user's backlog while it is active, and towards the common backlog while it
is in work: what waits in a user's own line burdens that user alone. The counters change in the same
Lua scripts as the jobs, so reading them costs the same with ten jobs and with ten thousand:

* created: the length that the sender claims, or that the size suggests (``cost_model.expected_s``);
* ingested: the length that the header states (``JobStore.set_length``);
* converted and featurized: what is left of the plan;
* following another job, failed, or classified: nothing, but it still counts as a job;
* over: not counted.

A job whose hash expires while it is active is lost to the counters. ``reconcile`` corrects them.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple, cast

from redis import Redis

from shared.store.keys import (
    BACKLOG,
    BacklogField,
    user_backlog_key,
    user_in_work_key,
    user_line_key,
)
from shared.store.lua_scripts import load_script

MS_PER_S: Final = 1000
_FIELDS: Final = 5
"""Values that the script returns for each difference."""


@dataclass(frozen=True, order=True)
class Backlog:
    """What some jobs have left to do."""

    audio_s: float = 0.0
    """Seconds of audio that are left to featurize."""
    jobs: int = 0
    """Jobs that are not over."""


@dataclass(frozen=True)
class UserBacklog:
    """What one user's active jobs have left to do."""

    total: Backlog
    in_work: int
    """Jobs that take one of the user's slots."""
    in_line: int
    """Jobs that wait for the user's earlier ones."""


class Difference(NamedTuple):
    """A counter that did not agree with the jobs."""

    key: str
    counted: Backlog
    actual: Backlog


class BacklogCounters:
    """Reads and corrects the counters. Every method talks to Redis and may block.

    Args:
        redis: client whose values are text.

    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._reconcile = redis.register_script(load_script(__package__, "reconcile_backlog"))

    def common(self) -> Backlog:
        """Return what all jobs in work have left to do."""
        return _backlog(self._redis.hmget(BACKLOG, list(BacklogField)))

    def of_user(self, user: str) -> UserBacklog:
        """Return what a user's jobs have left to do.

        Args:
            user: as ``Track.user`` names them.

        """
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.hmget(user_backlog_key(user), list(BacklogField))
            pipe.scard(user_in_work_key(user))
            pipe.zcard(user_line_key(user))
            total, in_work, in_line = pipe.execute()
        return UserBacklog(_backlog(total), in_work, in_line)

    def reconcile(self, *, repair: bool = True) -> list[Difference]:
        """Compare the counters with the jobs. Costs time in proportion to the active jobs.

        Args:
            repair: whether to correct counters that differ.

        Returns:
            The counters that differed.

        """
        users = list(self._redis.scan_iter(match=user_backlog_key("*"), count=1000))
        flat = cast("list[str | int]", self._reconcile(keys=users, args=[int(repair)]))
        rows = (flat[i : i + _FIELDS] for i in range(0, len(flat), _FIELDS))
        return [
            Difference(
                str(key),
                Backlog(int(counted_ms) / MS_PER_S, int(counted_jobs)),
                Backlog(int(actual_ms) / MS_PER_S, int(actual_jobs)),
            )
            for key, counted_ms, counted_jobs, actual_ms, actual_jobs in rows
        ]


def _backlog(raw: object) -> Backlog:
    audio_ms, jobs = (int(value or 0) for value in cast("list[str | None]", raw))
    return Backlog(audio_ms / MS_PER_S, jobs)
