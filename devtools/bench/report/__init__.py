"""Figures, their record, the table in the terminal, and ``docs/benchmarks.md``."""
