"""The Celery queue: its configuration, its task names, and the messages on it."""
