"""Settings, read from the environment once for each process, in groups.

Every variable is described in ``.env.example``. A process reads only the groups that it needs:
what needs no token runs without one.
"""

from pathlib import Path
from tempfile import gettempdir
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SECONDS_PER_HOUR = 3600


class _Group(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="GENREBOT_",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
    )


class LogSettings(_Group):
    """What is logged."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The lowest level."""

    @field_validator("log_level", mode="before")
    @classmethod
    def _ignore_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value


class RedisSettings(_Group):
    """How to reach Redis, which holds the queue, the jobs and their blobs."""

    url: Annotated[SecretStr, Field(validation_alias="REDIS_URL")] = SecretStr(
        "redis://127.0.0.1:6379/0"
    )

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("an address looks like redis://:password@host:6379/0")
        return value

    connect_timeout_s: Annotated[float, Field(gt=0)] = 3.0
    """Seconds until an unreachable server is reported."""
    socket_timeout_s: Annotated[float, Field(gt=0)] = 30.0
    """Seconds until a silent server is reported."""


class LimitSettings(_Group):
    """What a user may send."""

    max_duration: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3 * SECONDS_PER_HOUR
    """Longest track, in seconds."""
    max_file_size: Annotated[int, Field(gt=0)] = 20_000_000
    """Largest file, in bytes; Telegram's cloud hands bots no more than 20 MB."""

    @field_validator("max_duration", mode="before")
    @classmethod
    def _accept_units(cls, value: object) -> object:
        """Accept ``3h``, ``90m`` and ``45s`` as well as plain seconds."""
        units = {"h": 3600, "m": 60, "s": 1}
        if isinstance(value, str) and value[-1:].lower() in units:
            return float(value[:-1]) * units[value[-1].lower()]
        return value


class JobSettings(_Group):
    """How long things are kept, and how work is divided."""

    spool_ttl_s: Annotated[int, Field(gt=0)] = SECONDS_PER_HOUR
    """Seconds that blobs (audio, features) are kept if nothing deletes them."""
    job_ttl_s: Annotated[int, Field(gt=0)] = 24 * SECONDS_PER_HOUR
    """Seconds that a job is kept after its last change."""
    segment_chunks: Annotated[int, Field(ge=1, le=400)] = 10
    """Chunks of 3 s in one featurize task."""
    max_inflight_segments: Annotated[
        int,
        Field(
            ge=1,
            validation_alias=AliasChoices("GENREBOT_MAX_INFLIGHT_SEGMENTS", "GENREBOT_LANES"),
        ),
    ] = 8
    """Featurize tasks that one track may have in the queue at once, so that none fills it."""
    slice_segments: Annotated[int, Field(ge=1)] = 10
    """Segments in a slice: what one convert task decodes."""
    short_track_s: Annotated[float, Field(gt=0)] = 120
    """Tracks of which no more than this is left, in seconds, are served first."""
    medium_track_s: Annotated[float, Field(gt=0)] = 1200
    """Tracks of which no more than this is left, in seconds, are served before longer ones."""
    spool_upload_bytes: Annotated[int, Field(ge=0)] = 16_000_000
    """Files up to this size, in bytes, are stored in Redis; larger ones in ``work_dir``."""
    work_dir: Path = Path(gettempdir()) / "genrebot"
    """Each machine's own folder for such files."""
    work_dir_bytes: Annotated[int, Field(gt=0)] = 2_000_000_000
    """Most bytes in that folder; the file used least recently goes first, and is fetched again."""
    jobs_per_person: Annotated[int, Field(ge=1)] = 2
    """Tracks of one user that are in work at once; further ones wait in the user's own line."""
    max_waiting_per_user: Annotated[int, Field(ge=0)] = 20
    """Tracks that may wait in a user's own line; a further one is refused."""
    max_backlog_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 4 * SECONDS_PER_HOUR
    """Seconds of audio left to do, for each worker process, above which no track is admitted."""
    max_attempts: Annotated[int, Field(ge=1)] = 3
    """Runs of one task that may end in the death of their worker before the job fails."""
    lease_s: Annotated[float, Field(gt=1)] = 20
    """Seconds without a renewal after which a running task's worker counts as dead."""

    @model_validator(mode="after")
    def _outlive(self) -> Self:
        if self.job_ttl_s < self.spool_ttl_s:
            raise ValueError("GENREBOT_JOB_TTL_S must not be below GENREBOT_SPOOL_TTL_S")
        if self.medium_track_s < self.short_track_s:
            raise ValueError("GENREBOT_MEDIUM_TRACK_S must not be below GENREBOT_SHORT_TRACK_S")
        return self


class TelegramSettings(_Group):
    """How to reach the Bot API."""

    token: Annotated[SecretStr, Field(validation_alias="BOT_TOKEN")]
    api_url: str | None = None
    """A Bot API server other than Telegram's own."""
    api_local: bool = False
    """Whether that server runs with ``--local`` and shares its files with the workers."""

    @field_validator("token")
    @classmethod
    def _looks_like_a_token(cls, value: SecretStr) -> SecretStr:
        bot_id, _, secret = value.get_secret_value().partition(":")
        if not (bot_id.isdigit() and secret):
            raise ValueError("a bot token looks like 123456:ABC-DEF; @BotFather hands them out")
        return value

    @field_validator("api_url")
    @classmethod
    def _is_http(cls, value: str | None) -> str | None:
        if value is not None:
            parts = urlsplit(value)
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                raise ValueError("an address looks like http://127.0.0.1:8081")
        return value

    @property
    def bot_id(self) -> int:
        """The bot's user id, which is the first part of its token."""
        return int(self.token.get_secret_value().partition(":")[0])


class ReplySettings(_Group):
    """What the reply holds."""

    model: Path | None = None
    """A model to use instead of the one that ships."""
    send_clip: bool = True
    """Whether the strongest moment is sent as a voice message."""


class FeatureSettings(_Group):
    """How features are computed."""

    feature_engine: Literal["fast", "librosa"] = "fast"
    """``librosa`` computes the same features by plain librosa calls, ten times slower."""


class ResultCacheSettings(_Group):
    """How long finished results are kept for whoever sends the same file, and how much of them."""

    answer_ttl_s: Annotated[int, Field(gt=0)] = 7 * 24 * SECONDS_PER_HOUR
    """Seconds that a result is kept after its last use."""
    answer_bytes: Annotated[int, Field(ge=4_000_000)] = 64_000_000
    """Most bytes of all results together; one of three hours of music takes half a million."""
