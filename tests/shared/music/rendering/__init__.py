"""Tests of ``shared/music/rendering``."""
