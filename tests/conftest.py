"""What every test may ask for: a real Valkey of its own, and the stores on it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from redis import Redis
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from devtools.local.valkey import embedded_valkey
from shared.settings import JobSettings, RedisSettings
from shared.store.jobs import JobStore
from tests.reaper import Reaper

TOGETHER = (
    "tests/services/cli/test_run.py",
    "tests/e2e/test_deaths.py",
    "tests/e2e/",
    # Of these, only one process may compile librosa's functions into numba's cache: two that
    # do so at once can crash on what they read there.
    r"tests/(shared/music/(features|tagging)/|services/cli/test_engines\.py)",
    "tests/services/worker/test_pipeline.py",
)
"""Where tests share what takes long to start or to compile; the first that fits counts."""


class _Scheduler(LoadScopeScheduling):  # type: ignore[misc]  # comes without types
    """Hands such tests out as a whole, and all others one by one.

    xdist's own groups (``--dist loadgroup``) come to nothing with pytest 9.2, which
    no longer takes their names into the tests' ids.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((start for start in TOGETHER if re.match(start, nodeid)), nodeid)


def pytest_configure(config: pytest.Config) -> None:
    """Let aiohttp's own use of what it has deprecated pass: it would break an upload."""
    if not hasattr(config, "workerinput"):  # not in xdist's processes, which inherit its mark
        config.pluginmanager.register(Reaper())
    config.addinivalue_line("filterwarnings", r"ignore:unread_data\(\) is deprecated")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Scheduler:
    """Let xdist use our order, whatever ``--dist`` says."""
    return _Scheduler(config, log)


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """Address of a Valkey server that lives as long as this test process."""
    with embedded_valkey() as url:
        yield url


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
