"""Tests of ``shared/music/decoding``."""
