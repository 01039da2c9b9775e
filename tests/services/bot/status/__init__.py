"""Tests of ``services/bot/status``."""
