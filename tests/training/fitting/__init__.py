"""Tests of ``training/fitting``."""
