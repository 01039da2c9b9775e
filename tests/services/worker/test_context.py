"""What the tasks of a worker process share."""

import pytest
from celery import Celery

from services.worker.context import worker_context
from shared.music.features import engine, fast, reference


@pytest.mark.usefixtures("environment")
def test_features_are_computed_by_the_fast_engine(app: Celery) -> None:
    """Unless the settings say otherwise."""
    assert worker_context(app).analyse_chunk is fast.analyse_chunk


def test_the_feature_engine_is_a_setting(app: Celery, environment: pytest.MonkeyPatch) -> None:
    """Another engine makes another version: its speed and its results are kept apart."""
    plain = worker_context(app).version
    environment.setattr(engine, "compile_librosa", lambda: None)
    environment.setattr(reference, "warm_up", lambda: None)
    environment.setenv("GENREBOT_FEATURE_ENGINE", "librosa")
    worker_context.cache_clear()
    ctx = worker_context(app)
    assert ctx.analyse_chunk is reference.analyse_chunk
    assert ctx.version != plain
