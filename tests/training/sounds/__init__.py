"""Tests of ``training/sounds``."""
