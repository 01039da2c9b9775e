"""Tests of ``shared/music/model``."""
