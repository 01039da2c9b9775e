"""Tests of ``shared/store``."""
