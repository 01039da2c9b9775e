"""The scheduling policy: which queue a track is on, who goes first, how much is in flight.

Workers, the bot's estimates and the admission of further tracks all take the rules from here.

* **Queues.** A track is on the queue of what is left of it, in seconds of audio. Workers serve
  the queue of short tracks first.
* **Aging.** A queue that was passed over ``AGING_LIMIT`` times is served next, so no track starves.
* **In flight.** A track has at most ``max_inflight_segments`` featurize tasks in the queue at
  once. Segment ``k`` is followed by segment ``k + max_inflight_segments``: whichever task ends
  sends the one that follows it, and no counter has to be kept.
* **Decoding ahead.** The next slice is requested when few enough segments are left to featurize.
"""

from collections.abc import Callable, Iterator
from typing import Final

from shared.music.constants import CHUNK_SECONDS
from shared.queue.tasks import QueueName
from shared.settings import JobSettings

AGING_LIMIT: Final = 4
"""Tasks taken from other queues after which a queue is served first."""
AGING_SHARE: Final = 1 / (AGING_LIMIT + 1)
"""Share of all tasks that each queue gets while shorter ones are never empty."""


def thresholds(settings: JobSettings) -> tuple[tuple[float, QueueName], ...]:
    """Return the seconds left above which a track is on each queue, the longest first."""
    return (
        (settings.medium_track_s, QueueName.LONG),
        (settings.short_track_s, QueueName.MEDIUM),
        (0.0, QueueName.SHORT),
    )


def queue_for(left_s: float, settings: JobSettings) -> QueueName:
    """Return the queue of a track of which ``left_s`` seconds are still to be featurized."""
    return next((queue for above, queue in thresholds(settings) if left_s > above), QueueName.SHORT)


def left_s(duration_s: float, segments_completed: int, segment_chunks: int) -> float:
    """Return how many seconds of a track are still to be featurized.

    Args:
        duration_s: length of the track in seconds.
        segments_completed: segments whose features are stored.
        segment_chunks: chunks in a segment.

    """
    return max(0.0, duration_s - segments_completed * segment_chunks * CHUNK_SECONDS)


def segments_ahead(settings: JobSettings) -> int:
    """Return the number of decoded, unfeaturized segments at which to request the next slice.

    The slice waits in the queue behind as many segments as the track has in flight. When it is
    served, half a slice is left to keep other processes busy meanwhile.
    """
    return settings.max_inflight_segments + settings.slice_segments // 2


def predecessors(
    before: int, after: int, max_inflight_segments: int
) -> Iterator[tuple[int, int | None]]:
    """Yield the segments of a new slice that may have to be sent, each with its predecessor.

    The segments from ``before`` up to ``after`` have just been stored. One of them has to be
    sent if its predecessor is completed already, as nothing else will send it; or if it has none.
    """
    for segment in range(before, min(before + max_inflight_segments, after)):
        previous = segment - max_inflight_segments
        yield segment, previous if previous >= 0 else None


def successor(segment: int, committed: int, max_inflight_segments: int) -> int | None:
    """Return the segment to send when ``segment`` is completed, if it is stored already."""
    following = segment + max_inflight_segments
    return following if following < committed else None


def interrupted(
    committed: int, max_inflight_segments: int, is_completed: Callable[[int], bool]
) -> Iterator[int]:
    """Yield the segments to send for a track whose messages were lost.

    Of every chain of segments that follow each other, this is the first that is not completed.
    """
    for first in range(min(max_inflight_segments, committed)):
        chain = range(first, committed, max_inflight_segments)
        segment = next((segment for segment in chain if not is_completed(segment)), None)
        if segment is not None:
            yield segment
