"""Tests of ``services/bot/liveness``."""
