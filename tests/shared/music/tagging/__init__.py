"""Tests of ``shared/music/tagging``."""
