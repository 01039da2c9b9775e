"""Tests of ``shared/scheduling``."""
