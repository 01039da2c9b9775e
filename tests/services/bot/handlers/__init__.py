"""Tests of ``services/bot/handlers``."""
