"""Tests of ``shared/queue``."""
