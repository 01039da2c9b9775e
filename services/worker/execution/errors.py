"""What users are told when a task fails, and how often one is tried again."""

from typing import Final

from shared.errors import ErrorCode, GenrebotError
from shared.queue.tasks import TaskName

CRASHED: Final = GenrebotError(
    ErrorCode.CRASHED,
    "Something in this file makes the program that reads it break down, every time. "
    "Please convert it to mp3 or wav and send it again.",
)
INTERNAL: Final = GenrebotError(
    ErrorCode.INTERNAL,
    "Something went wrong on our side, not yours; it has been noted. "
    "Please try again in a few minutes.",
)
TOO_SLOW: Final = GenrebotError(
    ErrorCode.UNAVAILABLE,
    "This took far longer than it should have and was stopped. "
    "Please try again later, or send a shorter piece.",
)
UNREACHABLE: Final = GenrebotError(
    ErrorCode.UNAVAILABLE,
    "We could not get hold of the file, though we tried for several minutes. Please send it again.",
)
EXPIRED: Final = GenrebotError(
    ErrorCode.UNAVAILABLE,
    "This track waited so long that its audio was thrown away. Please send it again.",
)

FILE_ERRORS: Final = frozenset(ErrorCode) - {
    ErrorCode.NOT_FOUND,
    ErrorCode.UNAVAILABLE,
    ErrorCode.CRASHED,
    ErrorCode.INTERNAL,
}
"""Errors that the same file always meets; the others may be ours, or may pass."""

MAX_RETRIES: Final = 8
"""Retries of what may pass; with the pauses below they last about six minutes."""
MAX_REPLY_RETRIES: Final = 40
"""The same for the reply, over an hour: its verdict is computed already, and does not go bad."""
FIRST_PAUSE_S: Final = 2.0
LONGEST_PAUSE_S: Final = 120.0


def max_retries(task_name: TaskName) -> int:
    """Return how often a task is tried again."""
    return MAX_REPLY_RETRIES if task_name is TaskName.REPLY else MAX_RETRIES


def pause_s(retries: int) -> float:
    """Return the seconds to wait after ``retries`` retries; they double up to a limit."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0**retries)
