"""One classification of the Bot API's errors, for bot and workers alike.

========== =========================================================================================
kind       what to do
========== =========================================================================================
RETRY      wait for ``pause_s``, or for a growing time if it is None, and call again
UNCHANGED  nothing: the message has the wanted content already
LOST       the message cannot be edited (deleted, too old): send a new one
GONE       nothing: the chat is closed to the bot, so nobody reads what it sends
TOO_LARGE  tell the user that the file is too large
REFUSED    tell the user, or do without: the same call fails again
========== =========================================================================================

``ClientDecodeError`` is two things: a gateway's HTML page in place of a reply (RETRY), and a reply
to a call that was carried out but that aiogram does not understand (REFUSED, as calling again would
do it twice).

The Bot API has no idempotency keys. ``may_be_done`` tells whether a call that failed may have been
carried out all the same, its reply lost on the way.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiohttp import ClientConnectorError, ClientError


class GoneError(Exception):
    """The chat is closed to the bot: blocked, deleted, or the bot was removed from it."""


class ErrorKind(Enum):
    """What to do about an error."""

    RETRY = auto()
    UNCHANGED = auto()
    LOST = auto()
    GONE = auto()
    TOO_LARGE = auto()
    REFUSED = auto()


@dataclass(frozen=True)
class Failure:
    """A classified error."""

    kind: ErrorKind
    pause_s: float | None = None
    """Seconds that Telegram asks to wait, with RETRY."""
    may_be_done: bool = False
    """Whether the call may have been carried out although it failed."""


API_ERRORS: Final = (AiogramError, ClientError, TimeoutError)
"""Everything that a call of the Bot API may raise, to be caught and classified."""

_RETRY: Final = (
    TelegramNetworkError,
    TelegramServerError,
    TelegramConflictError,
    # The token was revoked or is wrong; an operator may put that right.
    TelegramUnauthorizedError,
    ClientError,
    TimeoutError,
)
_NEVER_DONE: Final = (TelegramConflictError, TelegramUnauthorizedError)
_GONE: Final = (TelegramForbiddenError, TelegramNotFound, TelegramMigrateToChat)

# What Telegram's server says in bad requests, in lower case.
_UNCHANGED_TEXT: Final = "message is not modified"
_TOO_LARGE_TEXT: Final = "file is too big"
_LOST_TEXTS: Final = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
)
_GONE_TEXTS: Final = (
    "chat not found",
    "user not found",
    "peer_id_invalid",
    "chat_write_forbidden",
    "have no rights to send a message",
    "not enough rights to send text messages",
    "need administrator rights in the channel chat",
    "topic_closed",
    "topic_deleted",
)


def classify(error: BaseException) -> Failure:
    """Classify an error of a call; one that is not of ``API_ERRORS`` counts as REFUSED."""
    if isinstance(error, TelegramRetryAfter):
        return Failure(ErrorKind.RETRY, float(error.retry_after))
    if isinstance(error, TelegramEntityTooLarge):  # aiogram counts it as a network error
        return Failure(ErrorKind.TOO_LARGE)
    if isinstance(error, ClientDecodeError):
        is_done = isinstance(error.data, dict) and error.data.get("ok") is True
        return Failure(ErrorKind.REFUSED if is_done else ErrorKind.RETRY, may_be_done=True)
    if isinstance(error, _RETRY):
        return Failure(ErrorKind.RETRY, may_be_done=not _never_arrived(error))
    return Failure(_kind_of_refusal(error))


def _kind_of_refusal(error: BaseException) -> ErrorKind:
    if isinstance(error, _GONE):
        return ErrorKind.GONE
    text = error.message.lower() if isinstance(error, TelegramBadRequest) else ""
    if _UNCHANGED_TEXT in text:
        return ErrorKind.UNCHANGED
    if _TOO_LARGE_TEXT in text:
        return ErrorKind.TOO_LARGE
    if any(phrase in text for phrase in _LOST_TEXTS):
        return ErrorKind.LOST
    is_gone = any(phrase in text for phrase in _GONE_TEXTS)
    return ErrorKind.GONE if is_gone else ErrorKind.REFUSED


def _never_arrived(error: BaseException) -> bool:
    """Return whether a call failed before Telegram got it."""
    return isinstance(error, _NEVER_DONE) or isinstance(error.__cause__, ClientConnectorError)


def describe(error: BaseException) -> str:
    """Describe an error for the log.

    Only what Telegram says of an error is quoted; other errors may quote a response, and with it
    what people wrote.
    """
    return str(error) if isinstance(error, TelegramAPIError) else type(error).__name__
