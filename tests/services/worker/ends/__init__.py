"""How a worker ends: idle, at work, right after a task or a fork, and without its queue."""
