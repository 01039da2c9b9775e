"""The change feed: which jobs have changed since a reader last looked.

Every change of a job gets a number, in the same Lua script that makes it: creation, admission, each
new state, the error, the status message, the length, each committed slice and completed segment,
following another job, and the end. A leader's change counts as its followers' too, as they show its
progress. A job is in the feed once, with its last change.

A reader keeps a cursor::

    cursor = 0
    while True:
        changes = jobs.changed_since(cursor, limit=1000)
        if not changes.complete:
            ...  # read all of jobs.active() once
        ...  # read the views of changes.job_ids
        cursor = changes.cursor

Jobs that ended stay in the feed for ten minutes. A reader that was away for longer, or that is new,
is told so by ``complete``. ``changes.more`` says whether to read on at once.

The position in the queue changes with other jobs and is no change of the job itself. Ask for it
where it is shown: ``jobs.positions``.
"""

from typing import NamedTuple, cast

from redis import Redis

from shared.store.lua_scripts import load_script


class Changes(NamedTuple):
    """What has changed."""

    job_ids: list[str]
    """Jobs that have changed, the one that changed last at the end; some may be over."""
    cursor: int
    """To be handed in next time."""
    complete: bool
    """Whether these are all changes since the cursor; if not, look at all active jobs once."""
    more: bool
    """Whether there are further changes, beyond the limit."""


class ChangeFeed:
    """Reads the changes of jobs. Every method talks to Redis and may block.

    Args:
        redis: client whose values are text.

    """

    def __init__(self, redis: Redis) -> None:
        self._read = redis.register_script(load_script(__package__, "changed_jobs"))

    def since(self, cursor: int, limit: int) -> Changes:
        """Read the changes since a cursor.

        Args:
            cursor: of the last ``Changes``; 0 for a new reader.
            limit: most jobs to return.

        """
        number, forgotten, flat = cast("list[object]", self._read(args=[cursor, limit]))
        newest, members = int(str(number)), cast("list[str]", flat)
        if newest < cursor:  # the server was emptied
            return Changes([], newest, complete=False, more=False)
        job_ids = members[::2]
        more = len(job_ids) == limit
        return Changes(
            job_ids,
            int(members[-1]) if more else newest,
            complete=0 < cursor >= int(str(forgotten)),
            more=more,
        )
