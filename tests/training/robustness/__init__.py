"""Tests of ``training/robustness``."""
