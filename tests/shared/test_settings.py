"""Settings come from the environment, with units, bounds and no secret shown."""

import math

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from shared.settings import (
    JobSettings,
    LimitSettings,
    RedisSettings,
    ReplySettings,
    TelegramSettings,
)


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of ours is set."""
    for name in ("MAX_DURATION", "MAX_FILE_SIZE", "SPOOL_TTL_S", "JOB_TTL_S", "API_URL"):
        monkeypatch.delenv(f"GENREBOT_{name}", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.delenv("BOT_TOKEN", raising=False)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("3h", 10800), ("1.5H", 5400), ("90m", 5400), ("45s", 45), ("600", 600), ("0.5", 0.5)],
)
def test_durations_may_have_a_unit(
    monkeypatch: pytest.MonkeyPatch, text: str, seconds: float
) -> None:
    """Hours, minutes and seconds are understood; a plain number is seconds."""
    monkeypatch.setenv("GENREBOT_MAX_DURATION", text)
    assert LimitSettings().max_duration == seconds


@pytest.mark.parametrize("text", ["0", "-3h", "h", "3d", "soon", "nan", "nanh", "1h30m"])
def test_durations_that_make_no_sense_are_refused(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """A bad value stops the start instead of becoming some limit."""
    monkeypatch.setenv("GENREBOT_MAX_DURATION", text)
    with pytest.raises(ValidationError):
        LimitSettings()


def test_defaults_are_those_of_the_manual() -> None:
    """Three hours, 20 MB, the local server: what an empty environment means."""
    limits = LimitSettings()
    assert (limits.max_duration, limits.max_file_size) == (10_800, 20_000_000)
    assert RedisSettings().url.get_secret_value() == "redis://127.0.0.1:6379/0"
    assert ReplySettings().send_clip is True


def test_an_empty_variable_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """``GENREBOT_MAX_FILE_SIZE=`` in an env file means the default."""
    monkeypatch.setenv("GENREBOT_MAX_FILE_SIZE", "")
    assert LimitSettings().max_file_size == 20_000_000


def test_states_outlive_what_they_speak_of() -> None:
    """A job's state must not expire before its audio."""
    with pytest.raises(ValidationError, match="must not be below"):
        JobSettings(spool_ttl_s=100, job_ttl_s=99)
    assert JobSettings(spool_ttl_s=100, job_ttl_s=100).job_ttl_s == 100


def test_a_token_knows_its_bot(monkeypatch: pytest.MonkeyPatch) -> None:
    """The part before the colon is the bot's id."""
    monkeypatch.setenv("BOT_TOKEN", "123456:ABC-DEF")
    assert TelegramSettings().bot_id == 123456


@pytest.mark.parametrize("token", ["", "123456", "123456:", ":ABC", "bot:ABC"])
def test_what_is_no_token_is_refused(token: str) -> None:
    """A value that cannot be a token is refused before anybody is asked."""
    with pytest.raises(ValidationError, match="BotFather"):
        TelegramSettings(token=SecretStr(token))


def test_a_token_is_required() -> None:
    """No default token exists."""
    with pytest.raises(ValidationError, match="BOT_TOKEN"):
        TelegramSettings()


@pytest.mark.parametrize(
    "settings",
    [
        TelegramSettings(token=SecretStr("123456:sesame")),
        RedisSettings(url=SecretStr("redis://user:sesame@host/0")),
    ],
)
def test_secrets_do_not_show(settings: BaseModel) -> None:
    """Printed, formatted or dumped, a secret stays hidden."""
    for text in (repr(settings), str(settings), settings.model_dump_json()):
        assert "sesame" not in text


def test_settings_do_not_change() -> None:
    """What was read at the start holds to the end."""
    limits = LimitSettings()
    with pytest.raises(ValidationError):
        limits.max_duration = math.inf  # type: ignore[misc]


@pytest.mark.parametrize("text", ["localhost:6379", "http://redis:6379", "secret"])
def test_an_address_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """With a word on what one looks like, and without what it holds."""
    monkeypatch.setenv("REDIS_URL", text)
    with pytest.raises(ValidationError, match="looks like redis://") as refusal:
        RedisSettings()
    assert text not in str(refusal.value)


def test_medium_is_not_below_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """The queues are in order, whatever their bounds."""
    monkeypatch.setenv("GENREBOT_SHORT_TRACK_S", "1300")
    with pytest.raises(ValidationError, match="GENREBOT_MEDIUM_TRACK_S"):
        JobSettings()
    monkeypatch.setenv("GENREBOT_MEDIUM_TRACK_S", "1300")
    assert JobSettings().medium_track_s == 1300
