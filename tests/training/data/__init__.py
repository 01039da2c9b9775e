"""Tests of ``training/data``."""
