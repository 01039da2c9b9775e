"""Everything the bot is told from outside."""

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
            pydantic.ValidationError: something is missing or makes no sense.

        """
        return cls(telegram=TelegramSettings())
