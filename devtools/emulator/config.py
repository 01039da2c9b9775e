"""Configuration of an emulator."""

from dataclasses import dataclass
from typing import Final

DEFAULT_TOKEN: Final = "424242:emulated-bot-needs-no-secret"  # noqa: S105 - opens nothing outside
"""Token of the emulated bot: the digits before the colon are its user id, as in Telegram."""

MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """Rate limits of a bot, from Telegram's bots FAQ.

    Attributes:
        chat_per_second: messages and edits per second in one chat, sustained.
        chat_burst: messages and edits at once in one chat.
        group_per_minute: messages and edits per minute in one group.
        overall_per_second: messages and edits per second in all chats together.

    """

    chat_per_second: float = 1.0
    chat_burst: int = 3
    group_per_minute: int = 20
    overall_per_second: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatorConfig:
    """Identity of the bot and limits of the cloud Bot API.

    Attributes:
        token: the only accepted token.
        bot_username: user name of the bot, without the at sign.
        bot_name: first name of the bot.
        download_limit: largest file that getFile serves, in bytes.
        upload_limit: largest file that a bot may upload, in bytes.
        photo_limit: largest photo that a bot may upload, in bytes.
        callback_lifetime_s: time to answer a pressed button, in seconds;
            Telegram does not publish its limit.
        webhook_timeout_s: time limit of a webhook's response, in seconds.
        webhook_backoff_s: pause after the first failed delivery, in seconds; doubles each time.
        webhook_backoff_max_s: longest pause between two deliveries, in seconds.
        rate_limits: limits that are enforced with 429; None for none.

    """

    token: str = DEFAULT_TOKEN
    bot_username: str = "genrebot_emulated_bot"
    bot_name: str = "Genrebot"
    download_limit: int = 20 * MIB
    upload_limit: int = 50 * MIB
    photo_limit: int = 10 * MIB
    callback_lifetime_s: float = 60.0
    webhook_timeout_s: float = 60.0
    webhook_backoff_s: float = 1.0
    webhook_backoff_max_s: float = 60.0
    rate_limits: RateLimits | None = None

    @property
    def bot_id(self) -> int:
        """The bot's user id.

        Raises:
            ValueError: the token is not made of digits, a colon and a secret.

        """
        digits, colon, secret = self.token.partition(":")
        if not (digits.isdigit() and colon and secret):
            raise ValueError("a bot token has the form <digits>:<secret>")
        return int(digits)
