"""Names of the tasks and queues, and how long a task may take."""

import math
from enum import StrEnum
from typing import Final

from shared.settings import LimitSettings


class TaskName(StrEnum):
    """The tasks of a job, by the name under which Celery sends them."""

    INGEST = "genrebot.ingest"
    CONVERT = "genrebot.convert"
    FEATURIZE = "genrebot.featurize"
    CLASSIFY = "genrebot.classify"
    REPLY = "genrebot.reply"


class QueueName(StrEnum):
    """The queues, in the order in which workers serve them (``scheduling.policy``)."""

    SHORT = "genrebot.short"
    MEDIUM = "genrebot.medium"
    LONG = "genrebot.long"


HARD_LIMIT_BASE_S: Final = 120
"""Seconds that any task may take, whatever the length of the track."""
HARD_LIMIT_PER_TRACK_SECOND: Final = 0.25
"""Further seconds for each second of the track; decoding takes about 0.0015 of one."""
SOFT_LIMIT_SHARE: Final = 0.9
"""Share of the hard limit after which a task is told to give up."""
DOWNLOAD_BYTES_PER_S: Final = 50_000
"""Slowest download that is waited for, in bytes per second."""
MIN_VISIBILITY_TIMEOUT_S: Final = 3600
VISIBILITY_MARGIN: Final = 1.5
"""Ratio of the visibility timeout to the longest task."""


def task_limit_s(duration_s: float) -> int:
    """Return the hard time limit of a task on a track of ``duration_s`` seconds, in seconds."""
    return math.ceil(HARD_LIMIT_BASE_S + HARD_LIMIT_PER_TRACK_SECOND * duration_s)


def download_limit_s(size: int) -> int:
    """Return the hard time limit for fetching ``size`` bytes, in seconds."""
    return math.ceil(HARD_LIMIT_BASE_S + size / DOWNLOAD_BYTES_PER_S)


def soft_limit_s(hard_limit_s: int) -> int:
    """Return the soft time limit that belongs to a hard one, in seconds."""
    return math.floor(hard_limit_s * SOFT_LIMIT_SHARE)


def visibility_timeout_s(limits: LimitSettings) -> int:
    """Return the seconds after which an unacknowledged task is delivered again.

    Longer than the longest task, which would otherwise run twice.
    """
    # A task that reads a large file may have to fetch it first.
    longest = task_limit_s(limits.max_duration) + download_limit_s(limits.max_file_size)
    return max(MIN_VISIBILITY_TIMEOUT_S, math.ceil(longest * VISIBILITY_MARGIN))
