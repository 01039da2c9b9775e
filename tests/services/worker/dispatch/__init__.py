"""Tests of ``services/worker/dispatch``."""
