"""The Telegram bot: turns updates into jobs and shows how they fare."""
