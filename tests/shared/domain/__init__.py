"""Tests of ``shared/domain``."""
