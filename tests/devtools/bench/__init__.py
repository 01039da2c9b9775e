"""The benchmark: what it calls held, what it writes down, and that its parts run."""
