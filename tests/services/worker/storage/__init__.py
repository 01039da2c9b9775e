"""Tests of ``services/worker/storage``."""
