"""Bot, worker, Valkey and an emulated Telegram, as processes, looked at from the chat."""
