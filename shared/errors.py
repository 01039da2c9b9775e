"""Errors that a person is told about.

Each carries a code for programs and a sentence for people that says what was wrong
and what would work. Nothing here imports more than the standard library: the bot
shows these sentences without knowing how sound is decoded.
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
    """An error with a code and a sentence that can be shown as it is.

    Args:
        code: stable identifier of the kind of error.
        message: one or two sentences: what was wrong, and what would work.

    """

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[type, tuple[ErrorCode, str]]:
        """Let the error cross a process boundary whole."""
        return type(self), (self.code, self.message)


class AudioError(GenrebotError):
    """The file itself cannot be classified; trying again would not help."""


class ModelError(Exception):
    """A model and its metadata do not belong together, or not to this release."""
