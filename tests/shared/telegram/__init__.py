"""Tests of ``shared/telegram``."""
