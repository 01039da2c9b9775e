"""The worker's application on a real Valkey and against an emulated Telegram."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from celery import Celery
from numpy.typing import NDArray
from redis import Redis

import services.worker.lifecycle
import services.worker.tasks.classify
import services.worker.tasks.ingest
import services.worker.tasks.reply  # noqa: F401 - registers the last of the five
from devtools.emulator.serving import EmulatorThread, emulator_thread
from services.worker import celery_app
from services.worker.context import WorkerContext, worker_context
from shared.domain.track import Track
from shared.music.constants import N_FRAMES, N_MELS, N_TAGS
from shared.music.features.table import FEATURE_NAMES, ChunkAnalysis
from shared.music.model.classifier import GenreModel
from shared.music.model.music_detector import MusicDetector
from shared.music.model.verdict import Verdict
from shared.settings import RedisSettings
from tests.services.worker.manual_worker import ManualWorker
from tests.services.worker.task_harness import TaskHarness

CHAT = 77


@pytest.fixture(scope="session")
def emulator() -> Iterator[EmulatorThread]:
    """An emulated Telegram for all tests of this process."""
    with emulator_thread() as running:
        yield running


@pytest.fixture
def telegram(emulator: EmulatorThread) -> EmulatorThread:
    """The emulated Telegram, as if new."""
    emulator.call(lambda state: state.reset())
    return emulator


@pytest.fixture
def environment(
    redis_settings: RedisSettings, telegram: EmulatorThread, monkeypatch: pytest.MonkeyPatch
) -> Iterator[pytest.MonkeyPatch]:
    """Settings as a worker finds them; tests may change them before they ask for ``ctx``."""
    monkeypatch.setenv("REDIS_URL", redis_settings.url.get_secret_value())
    monkeypatch.setenv("BOT_TOKEN", telegram.token)
    monkeypatch.setenv("GENREBOT_API_URL", telegram.base_url)
    worker_context.cache_clear()
    yield monkeypatch
    worker_context.cache_clear()


@pytest.fixture
def app(redis_settings: RedisSettings) -> Celery:
    """The worker's own application, on the tests' server."""
    application = celery_app.app
    application.conf.broker_url = redis_settings.url.get_secret_value()
    return application


@pytest.fixture
def ctx(app: Celery, environment: pytest.MonkeyPatch) -> Iterator[WorkerContext]:  # noqa: ARG001 - set before
    """What the tasks of this process share."""
    made = worker_context(app)
    yield made
    made.jobs.redis.close()
    made.blobs.redis.close()


@pytest.fixture
def redis(ctx: WorkerContext) -> Redis:
    """Client whose values are bytes."""
    return ctx.blobs.redis


@pytest.fixture
def worker(app: Celery, redis: Redis) -> ManualWorker:
    """Runs tasks one by one, as a worker would."""
    return ManualWorker(app, redis)


@pytest.fixture
def harness(environment: pytest.MonkeyPatch, redis_settings: RedisSettings) -> TaskHarness:  # noqa: ARG001 - set before
    """An application to try bodies on."""
    return TaskHarness(redis_settings)


@pytest.fixture
def send_file(telegram: EmulatorThread) -> Callable[..., Track]:
    """Let a user send a file, and describe it as the bot would."""

    def send(data: bytes, **facts: object) -> Track:
        sent = telegram.call(
            lambda state: state.send_media(CHAT, "document", data, file_name="a.wav")
        )
        assert sent.media is not None
        description = {
            "bot_id": 424242,
            "chat_id": CHAT,
            "message_id": sent.message_id,
            "file_id": sent.media.file_id,
            "file_name": "a.wav",
            "file_size": len(data),
            "kind": "document",
        }
        return Track.model_validate(description | facts)

    return send


@pytest.fixture
def music(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is heard counts as music, and so gets a clip, however plain it sounds."""
    judge = GenreModel.verdict

    def verdict(*args: Any, **facts: Any) -> Verdict:
        return judge(*args, **facts).model_copy(update={"family": "music"})

    monkeypatch.setattr(GenreModel, "verdict", verdict)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[NDArray[np.float32]]:
    """Features at no cost; the chunks that they were asked of."""
    asked: list[NDArray[np.float32]] = []

    def analyse_chunk(samples: NDArray[np.float32]) -> ChunkAnalysis:
        asked.append(samples)
        features = np.full(len(FEATURE_NAMES), float(len(asked)))
        return ChunkAnalysis(features, np.zeros((N_MELS, N_FRAMES), np.float32))

    monkeypatch.setattr(WorkerContext, "analyse_chunk", staticmethod(analyse_chunk))
    monkeypatch.setattr("services.worker.tasks.featurize.chunk_tags", _no_tagger)
    # Such features are no music, and what is no music gets no clip.
    monkeypatch.setattr(MusicDetector, "probabilities", lambda *_: np.array([1.0, 0.0, 0.0, 0.0]))
    return asked


def _no_tagger(_tagger: object, _samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Tags at no cost, the same for every chunk."""
    return np.full(N_TAGS, 0.1, np.float32)
