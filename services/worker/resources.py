"""What the tasks of one process share: stores, model and settings, each made once.

The parent makes them before it forks, so that its children inherit a loaded model;
redis-py opens new connections in a child by itself.
"""

import hashlib
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

from celery import Celery

from services.worker.cache import UploadCache
from services.worker.flow import Flow
from services.worker.leads import Leads
from services.worker.leases import Leases
from shared.archive import Archive
from shared.jobs import JobStore
from shared.music.model import GenreModel
from shared.music.tagger import Tagger
from shared.settings import (
    AnswerSettings,
    JobSettings,
    LimitSettings,
    RedisSettings,
    ReplySettings,
)
from shared.speed import Meter
from shared.spool import Spool

ANSWER_FORMAT: Final = 1
"""To be raised when the same model would answer the same file otherwise than before."""


@dataclass(frozen=True)
class Resources:
    """Handed to the body of every step."""

    jobs: JobStore
    spool: Spool
    flow: Flow
    leases: Leases
    leads: Leads
    cache: UploadCache
    meter: Meter
    limits: LimitSettings
    job_settings: JobSettings
    reply_settings: ReplySettings

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
            f"{ANSWER_FORMAT}/{self.reply_settings.send_clip}/{self.model.info.model_dump_json()}"
        )
        return hashlib.sha256(made_by.encode()).hexdigest()[:16]

    @cached_property
    def archive(self) -> Archive:
        """The answers that this version has given."""
        return Archive(self.spool.redis, AnswerSettings(), self.version)


@cache
def _model(settings: ReplySettings) -> GenreModel:
    return GenreModel.load(settings.model)


@cache
def _tagger() -> Tagger:
    return Tagger.load()


def make_resources(app: Celery) -> Resources:
    """Build everything from the environment; connections open when first used."""
    redis, job_settings, limits = RedisSettings(), JobSettings(), LimitSettings()
    jobs = JobStore.open(redis, job_settings)
    return Resources(
        jobs=jobs,
        spool=Spool.open(redis, job_settings),
        flow=Flow(app, jobs, limits, job_settings),
        leases=Leases(jobs.redis, job_settings.lease_s),
        leads=Leads(jobs.redis, job_settings.job_ttl_s),
        cache=UploadCache(
            job_settings.work_dir, job_settings.work_dir_bytes, job_settings.spool_ttl_s
        ),
        meter=Meter(jobs.redis),
        limits=limits,
        job_settings=job_settings,
        reply_settings=ReplySettings(),
    )


@cache
def resources(app: Celery) -> Resources:
    """Return the process' own resources."""
    return make_resources(app)
