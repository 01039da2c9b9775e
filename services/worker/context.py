"""What the tasks of one process share: stores, model and settings, each made once.

The parent process makes them before it forks, so its children inherit a loaded model. redis-py
opens new connections in a child by itself.
"""

import hashlib
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

from celery import Celery

from services.worker.dispatch.dead_letters import DeadLetters
from services.worker.dispatch.dispatcher import Dispatcher
from services.worker.dispatch.leases import Leases
from services.worker.storage.blob_store import BlobStore
from services.worker.storage.result_cache import ResultCache
from services.worker.storage.single_flight import SingleFlight
from services.worker.storage.upload_cache import UploadCache
from services.worker.telegram import Telegram
from shared.errors import JobOverError
from shared.music.features.engine import AnalyseChunk, feature_engine
from shared.music.model.classifier import GenreModel
from shared.music.tagging.tagger import Tagger
from shared.settings import (
    FeatureSettings,
    JobSettings,
    LimitSettings,
    RedisSettings,
    ReplySettings,
    ResultCacheSettings,
    TelegramSettings,
)
from shared.store.jobs import JobStore
from shared.store.throughput import CostRecorder

RESULT_FORMAT: Final = 3
"""To be raised when the same model would give another result for the same file."""


@dataclass(frozen=True)
class WorkerContext:
    """Handed to every task."""

    jobs: JobStore
    blobs: BlobStore
    dispatcher: Dispatcher
    leases: Leases
    dead_letters: DeadLetters
    single_flight: SingleFlight
    uploads: UploadCache
    cost_recorder: CostRecorder
    limits: LimitSettings
    job_settings: JobSettings
    reply_settings: ReplySettings
    cache_settings: ResultCacheSettings
    feature_settings: FeatureSettings

    @cached_property
    def telegram(self) -> Telegram:
        """Calls the Bot API. A worker needs a token only once a task asks for this.

        Raises:
            pydantic.ValidationError: there is no token.

        """
        return Telegram(TelegramSettings())

    def raise_if_over(self, job_id: str) -> None:
        """Stop a task whose job was cancelled or has failed; long tasks call it between chunks.

        Raises:
            JobOverError: the job is over.

        """
        if self.jobs.is_over(job_id):
            raise JobOverError(job_id)

    @property
    def analyse_chunk(self) -> AnalyseChunk:
        """The engine that computes features."""
        return _feature_engine(self.feature_settings)

    @property
    def model(self) -> GenreModel:
        """The classifier."""
        return _model(self.reply_settings)

    @property
    def tagger(self) -> Tagger:
        """The network that tags chunks."""
        return _tagger()

    @cached_property
    def version(self) -> str:
        """Changes with everything that a result depends on besides the file."""
        made_by = (
            str(RESULT_FORMAT),
            str(self.reply_settings.send_clip),
            self.feature_settings.feature_engine,
            self.model.metadata.model_dump_json(),
        )
        return hashlib.sha256("/".join(made_by).encode()).hexdigest()[:16]

    @cached_property
    def result_cache(self) -> ResultCache:
        """The cached results of this version."""
        return ResultCache(self.blobs.redis, self.cache_settings, self.version)


@cache
def _feature_engine(settings: FeatureSettings) -> AnalyseChunk:
    return feature_engine(settings.feature_engine)


@cache
def _model(settings: ReplySettings) -> GenreModel:
    return GenreModel.load(settings.model)


@cache
def _tagger() -> Tagger:
    return Tagger.load()


@cache
def worker_context(app: Celery) -> WorkerContext:
    """Return the context of this process, built from the environment when first asked for."""
    redis, job_settings, limits = RedisSettings(), JobSettings(), LimitSettings()
    jobs = JobStore.open(redis, job_settings)
    return WorkerContext(
        jobs=jobs,
        blobs=BlobStore.open(redis, job_settings),
        dispatcher=Dispatcher(app, jobs, limits, job_settings),
        leases=Leases(jobs.redis, job_settings.lease_s),
        dead_letters=DeadLetters(jobs.redis),
        single_flight=SingleFlight(jobs.redis, job_settings.job_ttl_s),
        uploads=UploadCache(
            job_settings.work_dir, job_settings.work_dir_bytes, job_settings.spool_ttl_s
        ),
        cost_recorder=CostRecorder(jobs.redis),
        limits=limits,
        job_settings=job_settings,
        reply_settings=ReplySettings(),
        cache_settings=ResultCacheSettings(),
        feature_settings=FeatureSettings(),
    )
