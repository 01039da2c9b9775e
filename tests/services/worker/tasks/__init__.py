"""Tests of ``services/worker/tasks``."""
