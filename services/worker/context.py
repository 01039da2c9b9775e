"""What the tasks of one process share: stores, model and settings, each made once.

The parent makes them before it forks, so that its children inherit a loaded model;
redis-py opens new connections in a child by itself.
"""

import hashlib
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

from celery import Celery

from services.worker.execution.dispatcher import Dispatcher
from services.worker.execution.leases import Leases
from services.worker.storage.blob_store import BlobStore
from services.worker.storage.result_cache import ResultCache
from services.worker.storage.single_flight import SingleFlight
from services.worker.storage.upload_cache import UploadCache
from shared.music.features.engine import AnalyseChunk, feature_engine
from shared.music.model.classifier import GenreModel
from shared.music.tagging.tagger import Tagger
from shared.settings import (
    AnswerSettings,
    FeatureSettings,
    JobSettings,
    LimitSettings,
    RedisSettings,
    ReplySettings,
)
from shared.store.jobs import JobStore
from shared.store.throughput import CostRecorder

ANSWER_FORMAT: Final = 3
"""To be raised when the same model would answer the same file otherwise than before."""


@dataclass(frozen=True)
class WorkerContext:
    """Handed to the body of every step."""

    jobs: JobStore
    blobs: BlobStore
    dispatcher: Dispatcher
    leases: Leases
    single_flight: SingleFlight
    cache: UploadCache
    meter: CostRecorder
    limits: LimitSettings
    job_settings: JobSettings
    reply_settings: ReplySettings
    feature_settings: FeatureSettings

    @property
    def analyse_chunk(self) -> AnalyseChunk:
        """The engine that computes features."""
        return _feature_engine(self.feature_settings)

    @property
    def model(self) -> GenreModel:
        """The model that predicts."""
        return _model(self.reply_settings)

    @property
    def tagger(self) -> Tagger:
        """The network that tags chunks."""
        return _tagger()

    @cached_property
    def version(self) -> str:
        """Changes with whatever an answer depends on besides the file."""
        made_by = (
            str(ANSWER_FORMAT),
            str(self.reply_settings.send_clip),
            self.feature_settings.feature_engine,
            self.model.metadata.model_dump_json(),
        )
        return hashlib.sha256("/".join(made_by).encode()).hexdigest()[:16]

    @cached_property
    def result_cache(self) -> ResultCache:
        """The answers that this version has given."""
        return ResultCache(self.blobs.redis, AnswerSettings(), self.version)


@cache
def _feature_engine(settings: FeatureSettings) -> AnalyseChunk:
    return feature_engine(settings.feature_engine)


@cache
def _model(settings: ReplySettings) -> GenreModel:
    return GenreModel.load(settings.model)


@cache
def _tagger() -> Tagger:
    return Tagger.load()


def make_context(app: Celery) -> WorkerContext:
    """Build everything from the environment; connections open when first used."""
    redis, job_settings, limits = RedisSettings(), JobSettings(), LimitSettings()
    jobs = JobStore.open(redis, job_settings)
    return WorkerContext(
        jobs=jobs,
        blobs=BlobStore.open(redis, job_settings),
        dispatcher=Dispatcher(app, jobs, limits, job_settings),
        leases=Leases(jobs.redis, job_settings.lease_s),
        single_flight=SingleFlight(jobs.redis, job_settings.job_ttl_s),
        cache=UploadCache(
            job_settings.work_dir, job_settings.work_dir_bytes, job_settings.spool_ttl_s
        ),
        meter=CostRecorder(jobs.redis),
        limits=limits,
        job_settings=job_settings,
        reply_settings=ReplySettings(),
        feature_settings=FeatureSettings(),
    )


@cache
def worker_context(app: Celery) -> WorkerContext:
    """Return the process' own resources."""
    return make_context(app)
