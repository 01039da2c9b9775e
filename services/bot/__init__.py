"""The Telegram bot: takes tracks in, queues them, and shows where they are."""
