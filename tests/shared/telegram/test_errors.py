"""One classification of the Bot API's errors, for both services."""

from typing import Any
from unittest.mock import Mock

import pytest
from aiogram.exceptions import (
    ClientDecodeError,
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
from aiogram.methods import GetMe
from aiohttp import ClientConnectorError, ServerDisconnectedError

from shared.telegram.errors import ErrorKind, Failure, classify

METHOD = GetMe()
RETRY, REFUSED, GONE = ErrorKind.RETRY, ErrorKind.REFUSED, ErrorKind.GONE


def _bad(text: str) -> TelegramBadRequest:
    return TelegramBadRequest(METHOD, f"Bad Request: {text}")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TelegramRetryAfter(METHOD, "Too Many Requests", 7), RETRY),
        (TelegramNetworkError(METHOD, "timeout"), RETRY),
        (TelegramServerError(METHOD, "Bad Gateway"), RETRY),
        (TelegramConflictError(METHOD, "terminated by other getUpdates"), RETRY),
        (TelegramUnauthorizedError(METHOD, "Unauthorized"), RETRY),
        (ServerDisconnectedError(), RETRY),
        (TimeoutError(), RETRY),
        (ClientDecodeError("no JSON", ValueError(), "<html>502 Bad Gateway"), RETRY),
        (ClientDecodeError("odd", ValueError(), {"ok": False}), RETRY),
        (ClientDecodeError("odd", ValueError(), {"ok": True, "result": {}}), REFUSED),
        (TelegramEntityTooLarge(METHOD, "Request Entity Too Large"), ErrorKind.TOO_LARGE),
        (_bad("file is too big"), ErrorKind.TOO_LARGE),
        (_bad("message is not modified: specified new message..."), ErrorKind.UNCHANGED),
        (_bad("message to edit not found"), ErrorKind.LOST),
        (_bad("message can't be edited"), ErrorKind.LOST),
        (_bad("MESSAGE_ID_INVALID"), ErrorKind.LOST),
        (TelegramForbiddenError(METHOD, "Forbidden: bot was blocked by the user"), GONE),
        (TelegramNotFound(METHOD, "Not Found"), GONE),
        (TelegramMigrateToChat(METHOD, "group upgraded", -100), GONE),
        (_bad("chat not found"), GONE),
        (_bad("PEER_ID_INVALID"), GONE),
        (_bad("have no rights to send a message"), GONE),
        (_bad("not enough rights to send photos to the chat"), REFUSED),
        (_bad("VOICE_MESSAGES_FORBIDDEN"), REFUSED),
        (ZeroDivisionError(), REFUSED),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, BaseException) else value.name,
)
def test_every_error_has_a_kind(error: Exception, kind: ErrorKind) -> None:
    """And with it something to do."""
    assert classify(error).kind is kind


def test_a_pause_that_telegram_asks_for_is_known() -> None:
    """In seconds; such a call was not carried out."""
    asked = classify(TelegramRetryAfter(METHOD, "Too Many Requests", 7))
    assert asked == Failure(RETRY, 7.0, may_be_done=False)


def _caused(cause: BaseException) -> TelegramNetworkError:
    """Wrap an error as aiogram does."""
    error = TelegramNetworkError(METHOD, "wrapped")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "may_be_done"),
    [
        (_caused(ServerDisconnectedError()), True),
        (_caused(TimeoutError()), True),
        (TelegramServerError(METHOD, "Internal Server Error"), True),
        (ClientDecodeError("no JSON", ValueError(), "<html>"), True),
        (_caused(ClientConnectorError(Mock(), OSError("refused"))), False),
        (TelegramUnauthorizedError(METHOD, "Unauthorized"), False),
        (_bad("anything"), False),
    ],
)
def test_what_may_have_been_carried_out_is_known(error: Any, *, may_be_done: bool) -> None:
    """A call whose answer got lost may have been; one that never arrived was not."""
    assert classify(error).may_be_done is may_be_done
