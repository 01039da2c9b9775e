"""What the tasks of one process share: stores, model and settings, each made once.

The parent makes them before it forks, so that its children inherit a loaded model;
redis-py opens new connections in a child by itself.
"""

from dataclasses import dataclass
from functools import cache

from celery import Celery

from services.worker.flow import Flow
from services.worker.leases import Leases
from shared.jobs import JobStore
from shared.music.model import GenreModel
from shared.settings import JobSettings, LimitSettings, RedisSettings, ReplySettings
from shared.spool import Spool


@dataclass(frozen=True)
class Resources:
    """Handed to the body of every step."""

    jobs: JobStore
    spool: Spool
    flow: Flow
    leases: Leases
    limits: LimitSettings
    job_settings: JobSettings
    reply_settings: ReplySettings

    @property
    def model(self) -> GenreModel:
        """The model that predicts."""
        return _model(self.reply_settings)


@cache
def _model(settings: ReplySettings) -> GenreModel:
    return GenreModel.load(settings.model)


def make_resources(app: Celery) -> Resources:
    """Build everything from the environment; connections open when first used."""
    redis, job_settings, limits = RedisSettings(), JobSettings(), LimitSettings()
    jobs = JobStore.open(redis, job_settings)
    return Resources(
        jobs=jobs,
        spool=Spool.open(redis, job_settings),
        flow=Flow(app, jobs, limits, job_settings),
        leases=Leases(jobs.redis, job_settings.lease_s),
        limits=limits,
        job_settings=job_settings,
        reply_settings=ReplySettings(),
    )


@cache
def resources(app: Celery) -> Resources:
    """Return the process' own resources."""
    return make_resources(app)
