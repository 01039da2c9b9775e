"""Errors of Bot API calls, and of actions by the control routes."""


class ApiError(Exception):
    """A response with ``ok: false``.

    Args:
        code: HTTP status, also sent as ``error_code``.
        description: the sentence in the response, prefix included.
        retry_after: seconds to wait, with 429.

    """

    def __init__(self, code: int, description: str, *, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after


class ImpossibleActionError(ValueError):
    """An action that is impossible in a chat, such as pressing a button that does not exist."""


def bad_request(reason: str) -> ApiError:
    """Build a 400 with Telegram's prefix."""
    return ApiError(400, f"Bad Request: {reason}")


def conflict(reason: str) -> ApiError:
    """Build a 409 with Telegram's prefix."""
    return ApiError(409, f"Conflict: {reason}")


def too_many_requests(retry_after: int) -> ApiError:
    """Build a 429 that asks to wait ``retry_after`` seconds."""
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)
