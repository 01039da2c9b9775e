"""How far a track has been cut into segments, and which of them are done.

A track is decoded a slice at a time, and no further ahead of its features than a window.
So two things end in any order: putting slices, and featurizing segments. Each end is one
script that notes itself and sees what the other has noted, so whoever comes second knows
that it does, and nobody waits for a word that was lost between two.
"""

from typing import NamedTuple, cast

from redis import Redis

from shared.queue.messages import Plan
from shared.settings import JobSettings
from shared.store.redis_client import key

# Puts a slice, unless another run has put it. Of the lanes it finds those that had run out
# of segments: the last one of theirs is done already, so nobody else will send their next.
_PUT = """
local put = tonumber(redis.call('HGET', KEYS[1], 'put') or 0)
local before, after = tonumber(ARGV[1]), tonumber(ARGV[2])
if redis.call('EXISTS', KEYS[1]) == 0 or put ~= before
   or redis.call('HGET', KEYS[1], 'complete') then return {-1} end
redis.call('HSET', KEYS[1], 'put', after, 'plan', ARGV[3], 'waking', 1)
if ARGV[4] == '1' then redis.call('HSET', KEYS[1], 'complete', 1) end
local done, lanes = redis.call('SCARD', KEYS[2]), tonumber(ARGV[5])
local wanted = 0
if ARGV[4] == '0' and after - done <= tonumber(ARGV[6]) then
  redis.call('HSET', KEYS[1], 'asked', after)
  wanted = 1
end
local answer = {done, wanted}
for s = before, math.min(before + lanes, after) - 1 do
  if s < lanes or redis.call('SISMEMBER', KEYS[2], s - lanes) == 1 then
    table.insert(answer, s)
  end
end
return answer
"""

# Notes that a segment is done. A slice is asked for once, by the segment that lets the window
# open; a run that comes again asks again, for the first may have died before it could.
_DONE = """
local added = redis.call('SADD', KEYS[2], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[2])
local done = redis.call('SCARD', KEYS[2])
local put = tonumber(redis.call('HGET', KEYS[1], 'put') or 0)
local complete = tonumber(redis.call('HGET', KEYS[1], 'complete') or 0)
local wanted = 0
if put > 0 and complete == 0 and put - done <= tonumber(ARGV[3])
   and (added == 0 or tonumber(redis.call('HGET', KEYS[1], 'asked') or 0) ~= put) then
  redis.call('HSET', KEYS[1], 'asked', put)
  wanted = 1
end
return {done, wanted, put, complete}
"""


class SliceCommitted(NamedTuple):
    """What follows on a slice that was put."""

    done: int
    """Segments whose features are there."""
    wanted: bool
    """Whether the next slice is to be sent."""
    woken: list[int]
    """Segments to send: the first of each lane that had none left."""


class SegmentCompleted(NamedTuple):
    """What follows on a segment whose features are there."""

    done: int
    """Segments whose features are there."""
    wanted: bool
    """Whether the next slice is to be sent."""
    put: int
    """Segments that have been put."""
    complete: bool
    """Whether the end of the track is among them."""

    @property
    def over(self) -> bool:
        """Whether this was the last of all."""
        return self.complete and self.done >= self.put


class SegmentProgress:
    """Reads and moves what is known of cuts. Every method talks to Redis and may block."""

    def __init__(self, redis: Redis, settings: JobSettings) -> None:
        self._redis = redis
        self._settings = settings
        self._put = redis.register_script(_PUT)
        self._done = redis.register_script(_DONE)

    def put(self, job_id: str, before: int, after: int, plan: Plan) -> SliceCommitted | None:
        """Note that the segments from ``before`` up to ``after`` lie in the spool.

        Args:
            job_id: whose.
            before: segments that had been put before.
            after: segments that have been put now.
            plan: how the track is cut, as far as it is known; complete where these are the last.

        Returns:
            What is to be sent, until ``woken`` is told; None where another run has put them,
            or the job is gone.

        """
        answer = cast(
            "list[int]",
            self._put(
                keys=[_job(job_id), segments_key(job_id)],
                args=[
                    before,
                    after,
                    plan.model_dump_json(),
                    int(plan.complete),
                    self._settings.max_inflight_segments,
                    self._settings.segments_ahead,
                ],
            ),
        )
        if answer[0] < 0:
            return None
        done, wanted, *woken = answer
        return SliceCommitted(done, bool(wanted), woken)

    def woken(self, job_id: str) -> None:
        """Note that all that ``put`` told of has been sent."""
        self._redis.hdel(_job(job_id), "waking")

    def segment_done(self, job_id: str, segment: int) -> SegmentCompleted:
        """Note that a segment's features are there."""
        done, wanted, put, complete = cast(
            "list[int]",
            self._done(
                keys=[_job(job_id), segments_key(job_id)],
                args=[segment, self._settings.job_ttl_s, self._settings.segments_ahead],
            ),
        )
        return SegmentCompleted(done, bool(wanted), put, bool(complete))

    def is_segment_done(self, job_id: str, segment: int) -> bool:
        """Whether a segment's features are there."""
        return bool(self._redis.sismember(segments_key(job_id), str(segment)))


def _job(job_id: str) -> str:
    return key("job", job_id)


def segments_key(job_id: str) -> str:
    """Name of the set of finished segments."""
    return key("job", job_id, "segments")
