"""Tests of ``services/bot/estimation``."""
