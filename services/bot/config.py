"""The settings that the bot reads."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Self

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode

from shared.settings import (
    JobSettings,
    LimitSettings,
    RedisSettings,
    ResultCacheSettings,
    TelegramSettings,
)

_Ids = Annotated[frozenset[int], NoDecode]


class UsageSettings(BaseSettings):
    """How much one user, and one group chat, may send; 0 means without limit."""

    model_config = LimitSettings.model_config

    user_uploads_per_minute: Annotated[int, Field(ge=0)] = 20
    user_tracks_per_day: Annotated[int, Field(ge=0)] = 200
    user_hours_per_day: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 24
    """Hours of audio."""
    chat_uploads_per_minute: Annotated[int, Field(ge=0)] = 60
    chat_tracks_per_day: Annotated[int, Field(ge=0)] = 1000
    chat_hours_per_day: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 100


class AccessSettings(BaseSettings):
    """Whom the bot serves. Ids are those of users and of chats; groups have negative ones."""

    model_config = LimitSettings.model_config

    allowed_ids: _Ids = frozenset()
    """If there are any, all others are turned away."""
    blocked_ids: _Ids = frozenset()
    """They get no reply."""

    @field_validator("allowed_ids", "blocked_ids", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        """Accept ids that are separated by commas or spaces."""
        return value.replace(",", " ").split() if isinstance(value, str) else value


@dataclass(frozen=True)
class Retention:
    """How long things are kept, in seconds."""

    audio_s: int
    """Audio, if its job does not delete it earlier."""
    job_s: int
    """What a job knows: names, length, message and user."""
    result_s: int
    """Results, after their last use; they name nobody."""


@dataclass(frozen=True)
class Config:
    """The groups of settings that the bot needs."""

    telegram: TelegramSettings
    redis: RedisSettings = field(default_factory=RedisSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    jobs: JobSettings = field(default_factory=JobSettings)
    usage: UsageSettings = field(default_factory=UsageSettings)
    access: AccessSettings = field(default_factory=AccessSettings)
    results: ResultCacheSettings = field(default_factory=ResultCacheSettings)

    @property
    def retention(self) -> Retention:
        """How long things are kept."""
        return Retention(self.jobs.spool_ttl_s, self.jobs.job_ttl_s, self.results.answer_ttl_s)

    @classmethod
    def from_env(cls) -> Self:
        """Read the environment.

        Raises:
            pydantic.ValidationError: A setting is missing or has an invalid value.

        """
        return cls(telegram=TelegramSettings())
