"""Every Redis key and every field of a job's hash, once for all of the product.

Lua scripts get them from here too (``store.lua_scripts``). Celery's own keys are not listed: the
queues (``queue.tasks.QueueName``), ``unacked``, ``unacked_index`` and ``_kombu.*``.
"""

from enum import StrEnum
from typing import Final

KEY_PREFIX: Final = "genrebot"


def key(*parts: object) -> str:
    """Join the parts of a key's name: ``key("job", job_id)``."""
    return ":".join((KEY_PREFIX, *map(str, parts)))


class JobField(StrEnum):
    """Fields of the hash ``job_key``. Those without a comment are written once."""

    TRACK = "track"
    """``Track`` as JSON."""
    USER = "user"
    """``Track.user``."""
    STATE = "state"
    """``JobState``; changes."""
    STATE_RANK = "state_rank"
    """``JobState.rank``, for comparing in Lua; changes."""
    FINAL = "final"
    """1 once the job is over."""
    CREATED_AT = "created_at"
    """Seconds since 1970."""
    CHANGED_AT = "changed_at"
    """When the state last changed, in seconds since 1970; changes."""
    CANCELLED = "cancelled"
    """``CancelReason``, if the job was cancelled."""
    LENGTH_S = "length_s"
    """Length of the track in seconds as its header says, which replaces the sender's claim."""
    BACKLOG_MS = "backlog_ms"
    """Audio of an active job that is left to featurize, in milliseconds; changes."""
    AUDIO_DONE = "audio_done"
    """1 once no audio is left to featurize: the job has failed, or is being classified."""
    IN_BACKLOG = "in_backlog"
    """1 while the job counts towards the common backlog, and not only towards its user's."""
    ERROR = "error"
    """``ErrorCode``, a line end, and the sentence for the user."""
    STATUS_MESSAGE_ID = "status_message_id"
    """The message that shows the job's progress and becomes the reply; may be replaced."""
    SHA256 = "sha256"
    """Of the file's content, in hexadecimal digits."""
    LEADER = "leader"
    """Id of the job on the same file whose result this job waits for; may be taken back."""
    PLAN = "plan"
    """``Plan`` as JSON; changes with every slice."""
    COMMITTED = "committed"
    """Segments that are decoded and stored; grows."""
    ALL_COMMITTED = "all_committed"
    """1 once the last segment of the track is committed."""
    SLICE_REQUESTED = "slice_requested"
    """The value of ``COMMITTED`` at which the next slice was last requested; grows."""
    UNSENT = "unsent"
    """1 while the tasks that follow from the last committed slice may not all be sent."""
    CLIP_SPAN = "clip_span"
    """Start and end of the clip, in seconds."""
    ANSWERED = "answered"
    """1 once the verdict is in the chat."""
    CLIP_SENT = "clip_sent"
    """1 once sending the clip has begun; taken back if it certainly did not arrive."""


class BacklogField(StrEnum):
    """Fields of the hashes ``BACKLOG`` and ``user_backlog_key``."""

    AUDIO_MS = "audio_ms"
    """Milliseconds of audio that are left to featurize."""
    JOBS = "jobs"
    """Jobs that are not over."""


def unfinished_runs_field(run: str) -> str:
    """Return the field that counts the runs of a task that have started and not ended."""
    return f"unfinished_runs:{run}"


# Jobs

ACTIVE_JOBS: Final = key("jobs", "active")
"""Sorted set of the jobs that are not over, by creation time."""
WAITING_JOBS: Final = key("jobs", "waiting")
"""Sorted set of the jobs that may start and that no worker has started, by admission time."""
UNTRACED_JOBS: Final = key("jobs", "untraced")
"""Sorted set of the active jobs without message or lease, by when that was first noticed."""
RECOVERY_PAUSE: Final = key("jobs", "recovery_pause")
"""Exists while it is too early for the next look for lost jobs, on any worker."""


BACKLOG: Final = key("backlog")
"""Hash of what all jobs in work have left to do (``BacklogField``)."""
BACKLOG_CHECK_PAUSE: Final = key("backlog", "check_pause")
"""Exists while it is too early to compare the backlog with the jobs again."""
CHANGED_JOBS: Final = key("jobs", "changed")
"""Sorted set of the active jobs, and of those that ended lately, by their last change's number."""
CHANGE_NUMBER: Final = key("jobs", "change_number")
"""Number of the last change of any job."""
FORGOTTEN_CHANGES: Final = key("jobs", "forgotten_changes")
"""Highest number of a change that ``CHANGED_JOBS`` no longer holds."""
ENDED_JOBS: Final = key("jobs", "ended")
"""Sorted set of the jobs in ``CHANGED_JOBS`` that are over, by when they ended."""
DEAD_LETTERS: Final = key("dead_letters")
"""List of the last messages that could not be understood, as JSON."""
DEAD_LETTER_COUNT: Final = key("dead_letters", "count")
"""Number of such messages."""


def job_key(job_id: str) -> str:
    """Hash of a job's state (``JobField``)."""
    return key("job", job_id)


def completed_segments_key(job_id: str) -> str:
    """Set of the segments whose features are stored."""
    return key("job", job_id, "segments")


def followers_key(job_id: str) -> str:
    """Set of the jobs that wait for this job's result."""
    return key("job", job_id, "followers")


def status_lock_key(job_id: str) -> str:
    """Lock on a job's status message."""
    return key("job", job_id, "status_lock")


# Users


def user_in_work_key(user: str) -> str:
    """Set of a user's jobs that are in work."""
    return key("user", user, "in_work")


def user_line_key(user: str) -> str:
    """Sorted set of a user's jobs that wait for the user's earlier ones, by creation time."""
    return key("user", user, "line")


def user_backlog_key(user: str) -> str:
    """Hash of what all of a user's active jobs have left to do (``BacklogField``)."""
    return key("user", user, "backlog")


def user_jobs_key(user: str) -> str:
    """Sorted set of all of a user's jobs that may still exist, by creation time."""
    return key("user", user, "jobs")


# Blobs


def blob_index_key(job_id: str) -> str:
    """Set of the keys of all of a job's blobs."""
    return key("blob", job_id)


def blob_head_key(job_id: str, name: str) -> str:
    """Description of a finished blob, as JSON."""
    return key("blob", job_id, name)


def blob_block_key(job_id: str, name: str, number: int) -> str:
    """One block of a blob."""
    return key("blob", job_id, name, number)


# Results that are kept, and jobs on the same file

RESULTS_USED: Final = key("results", "used")
"""Sorted set of the cached results' keys, by last use."""
RESULTS_SIZES: Final = key("results", "sizes")
"""Hash of the cached results' keys to their size in bytes."""
RESULTS_TOTAL: Final = key("results", "total")
"""Sum of those sizes."""


def cached_result_key(version: str, sha256: str) -> str:
    """Hash of a finished result, by what made it and by the file's content."""
    return key("result", version, sha256)


def cached_result_file_key(version: str, unique_id: str) -> str:
    """Key of the cached result for one of Telegram's file ids."""
    return key("result", version, "file", unique_id)


def single_flight_key(version: str, file: str) -> str:
    """Id of the job that works on a file, by its SHA-256 or by Telegram's id of it."""
    return key("single_flight", version, file)


# Processes

LEASES: Final = key("leases")
"""Sorted set of the running tasks, by when their lease expires."""
WORKERS: Final = key("workers")
"""Sorted set of the workers' registrations, by when they expire."""
COSTS: Final = key("costs")
"""Hash of the decaying sums behind ``throughput.Speed``."""
BOT_HEARTBEAT: Final = key("bot", "heartbeat")
"""Exists while the bot is alive; holds the event loop's lag as JSON."""


def worker_heartbeat_key(hostname: str) -> str:
    """Exists while the worker of this name is alive."""
    return key("worker", hostname, "heartbeat")
