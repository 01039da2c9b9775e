"""Errors that users are told about, and those that may pass.

The former carry a code for programs and a sentence for people, which says what was wrong and what
would work. This module imports the standard library only, so the bot can show these sentences
without importing anything that decodes sound.
"""

from enum import StrEnum


class ErrorCode(StrEnum):
    """What went wrong with a track, stable across releases."""

    NOT_AUDIO = "not_audio"
    NO_AUDIO_TRACK = "no_audio_track"
    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    SILENT = "silent"
    TOO_LARGE = "too_large"
    EMPTY_FILE = "empty_file"
    NOT_FOUND = "not_found"
    UNAVAILABLE = "unavailable"
    CRASHED = "crashed"
    INTERNAL = "internal"


class GenrebotError(Exception):
    """An error with a code, and a sentence that is shown to the user as it is.

    Args:
        code: stable identifier of the kind of error.
        message: one or two sentences: what was wrong, and what would work.

    """

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[type, tuple[ErrorCode, str]]:
        """Keep code and message when the error is pickled."""
        return type(self), (self.code, self.message)


class AudioError(GenrebotError):
    """The file itself cannot be classified; trying again does not help."""


class ModelError(Exception):
    """A model and its metadata do not belong together, or not to this release."""


class JobOverError(Exception):
    """A job was cancelled, or has failed elsewhere: its tasks stop and say nothing."""


class TransientError(Exception):
    """Something failed that may work later.

    Args:
        reason: for the log.
        pause_s: seconds to wait, where the other side named them.
        may_be_done: whether a request may have been carried out although it failed.

    """

    def __init__(
        self, reason: str, pause_s: float | None = None, *, may_be_done: bool = False
    ) -> None:
        super().__init__(reason)
        self.pause_s = pause_s
        self.may_be_done = may_be_done
