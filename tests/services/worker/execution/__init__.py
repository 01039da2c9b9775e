"""Tests of ``services/worker/execution``."""
