"""Tests of ``training/tagger_conversion``."""
