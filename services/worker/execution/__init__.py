"""How a task runs: its lease, its errors, what follows it, and what recovers it."""
