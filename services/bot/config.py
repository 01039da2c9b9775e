"""The settings that the bot reads."""

from dataclasses import dataclass, field
from typing import Self

from shared.settings import JobSettings, LimitSettings, RedisSettings, TelegramSettings


@dataclass(frozen=True)
class Config:
    """The groups of settings that the bot needs."""

    telegram: TelegramSettings
    redis: RedisSettings = field(default_factory=RedisSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    jobs: JobSettings = field(default_factory=JobSettings)

    @classmethod
    def from_env(cls) -> Self:
        """Read the environment.

        Raises:
            pydantic.ValidationError: A setting is missing or has an invalid value.

        """
        return cls(telegram=TelegramSettings())
