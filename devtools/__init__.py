"""Tools for development: the Telegram emulator, the local stack with the demo, the benchmark."""
