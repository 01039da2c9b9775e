"""Start the bot: ``python -m services.bot``, or ``genrebot bot``, which calls ``main``."""

import asyncio
import gc
import sys

from aiogram.exceptions import TelegramUnauthorizedError
from pydantic import ValidationError

from services.bot.app import App
from services.bot.config import Config
from services.bot.poller import PollingError
from shared import logs


def main() -> None:
    """Run until SIGTERM or SIGINT.

    Raises:
        pydantic.ValidationError: A setting is missing or invalid. Its text quotes the value that
            was found, which may be the token: show the messages in it, never the error itself.
        SystemExit: Telegram does not know the token, or polling cannot go on.

    """
    logs.configure()
    config = Config.from_env()
    try:
        asyncio.run(_serve(config))
    except TelegramUnauthorizedError:
        sys.exit("Telegram does not know this BOT_TOKEN; @BotFather shows the right one.")
    except PollingError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


async def _serve(config: Config) -> None:
    app = App.create(config)
    # What is loaded by now stays to the end. Unfrozen, each full collection walks some 200,000
    # objects of imported code and blocks the event loop for 0.2 s (measured).
    gc.collect()
    gc.freeze()
    await app.run()


def _messages(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, item['loc'])) or 'settings'}: {item['msg']}" for item in error.errors()
    )


if __name__ == "__main__":
    try:
        main()
    except ValidationError as error:
        sys.exit(_messages(error))
