"""Tests of ``shared/music/features``."""
