"""The worker's side of the Bot API: what may pass, what is told, and who is gone."""

import pytest
from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramUnauthorizedError,
)
from aiogram.methods import GetMe

from devtools.emulator.serving import EmulatorThread
from devtools.emulator.state.faults import Fault
from services.worker.context import WorkerContext
from shared.errors import AudioError, ErrorCode, GenrebotError, TransientError
from shared.telegram.errors import GoneError
from tests.services.worker.conftest import CHAT

JOB = "0123456789abcdef01234567"
LIMIT = 20_000_000
DATA = bytes(range(256)) * 4096


@pytest.fixture
def file_id(ctx: WorkerContext, telegram: EmulatorThread) -> str:  # noqa: ARG001 - the environment
    """A megabyte that somebody has sent."""
    sent = telegram.call(lambda state: state.send_media(CHAT, "document", DATA))
    assert sent.media is not None
    return sent.media.file_id


def _fetch(ctx: WorkerContext, file_id: str, limit: int = LIMIT) -> bytes:
    with ctx.blobs.writer(JOB, "upload") as writer:
        ctx.telegram.fetch(file_id, writer, limit)
        writer.finish()
    return ctx.blobs.get(JOB, "upload")


def test_a_file_arrives_whole(ctx: WorkerContext, file_id: str) -> None:
    """Byte by byte."""
    assert _fetch(ctx, file_id) == DATA


@pytest.mark.parametrize(
    ("fault", "pause_s"),
    [
        (Fault(kind="retry_after", method="getFile", retry_after=7), 7.0),
        (Fault(kind="server_error", method="getFile"), None),
        (Fault(kind="drop", method="getFile"), None),
        (Fault(kind="server_error", method="download"), None),
        # aiohttp itself asks once more where a connection was reused.
        (Fault(kind="drop", method="download", times=2), None),
        (Fault(kind="truncate", fraction=0.5), None),
    ],
    ids=lambda value: f"{value.kind}-{value.method}" if isinstance(value, Fault) else None,
)
def test_a_fetch_that_breaks_may_be_tried_again(
    ctx: WorkerContext, telegram: EmulatorThread, file_id: str, fault: Fault, pause_s: float | None
) -> None:
    """Nothing half-fetched is left looking whole, and the next try brings everything."""
    telegram.call(lambda state: state.faults.add(fault))
    with pytest.raises(TransientError) as raised:
        _fetch(ctx, file_id)
    assert raised.value.pause_s == pause_s
    assert ctx.blobs.head(JOB, "upload") is None
    telegram.call(lambda state: state.faults.clear())
    assert _fetch(ctx, file_id) == DATA


def test_a_file_above_the_limit_is_refused_by_its_description(
    ctx: WorkerContext, telegram: EmulatorThread, file_id: str
) -> None:
    """Without fetching a byte of it."""
    with pytest.raises(AudioError) as raised:
        _fetch(ctx, file_id, len(DATA) - 1)
    assert raised.value.code is ErrorCode.TOO_LARGE
    assert telegram.call(lambda state: state.calls["download"]) == 0


def test_a_file_larger_than_described_is_refused_on_the_way(
    ctx: WorkerContext, file_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The description is not trusted."""
    get_file = Bot.get_file

    async def understate(bot: Bot, file_id: str) -> object:
        return (await get_file(bot, file_id)).model_copy(update={"file_size": 5})

    monkeypatch.setattr(Bot, "get_file", understate)
    with pytest.raises(AudioError) as raised:
        _fetch(ctx, file_id, len(DATA) // 2)
    assert raised.value.code is ErrorCode.TOO_LARGE


def test_a_file_above_telegrams_own_limit_is_too_large(
    ctx: WorkerContext, telegram: EmulatorThread
) -> None:
    """The cloud says "file is too big"; the user is told what would fit."""
    sent = telegram.call(
        lambda state: state.send_media(CHAT, "document", b"x", file_size=30_000_000)
    )
    assert sent.media is not None
    with pytest.raises(AudioError) as raised:
        _fetch(ctx, sent.media.file_id, 50_000_000)
    assert raised.value.code is ErrorCode.TOO_LARGE


def test_a_file_that_telegram_has_forgotten_is_to_be_sent_again(ctx: WorkerContext) -> None:
    """Trying again would not help."""
    with pytest.raises(GenrebotError) as raised:
        _fetch(ctx, "no-such-file")
    assert raised.value.code is ErrorCode.UNAVAILABLE


METHOD = GetMe()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (TelegramForbiddenError(METHOD, "Forbidden: bot was blocked by the user"), GoneError),
        (TelegramMigrateToChat(METHOD, "group upgraded", -100), GoneError),
        (TelegramUnauthorizedError(METHOD, "Unauthorized"), TransientError),
        (ClientDecodeError("no JSON", ValueError(), "<html>502"), TransientError),
        (TimeoutError(), TransientError),
        (TelegramBadRequest(METHOD, "Bad Request: no"), TelegramBadRequest),
        (TelegramEntityTooLarge(METHOD, "Request Entity Too Large"), TelegramEntityTooLarge),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else type(value).__name__,
)
def test_errors_are_sorted(ctx: WorkerContext, said: Exception, meant: type[Exception]) -> None:
    """Into what may pass, who is gone, and what the caller knows best."""

    async def refuse(_: Bot) -> None:
        raise said

    with pytest.raises(meant):
        ctx.telegram.call(refuse)
