"""Start the bot: ``python -m services.bot`` or ``genrebot bot``."""

import asyncio
import sys

from aiogram.exceptions import TelegramUnauthorizedError
from pydantic import ValidationError

from services.bot.app import App
from services.bot.config import Config
from shared import logs


def main() -> None:
    """Run until a signal says stop; exits with a sentence where it cannot start."""
    logs.configure()
    try:
        config = Config.from_env()
    except ValidationError as error:
        # Never the error itself: it quotes what was wrong, and that may be the token.
        faults = error.errors(include_input=False, include_url=False, include_context=False)
        sys.exit("; ".join(f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in faults))
    try:
        asyncio.run(_serve(config))
    except TelegramUnauthorizedError:
        sys.exit("Telegram does not know this BOT_TOKEN; @BotFather shows the right one.")
    except KeyboardInterrupt:
        sys.exit(130)


async def _serve(config: Config) -> None:
    await App.make(config).run()


if __name__ == "__main__":
    main()
