"""Lua scripts: each has a legend, includes resolve, and fields stand in one place."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from redis import Redis

from shared.settings import RedisSettings
from shared.store.keys import BacklogField, JobField
from shared.store.lua_scripts import load_script
from shared.store.redis_client import connect

PACKAGES = ("shared.store", "services.worker.dispatch", "services.worker.storage")
SCRIPTS = [
    (package, Path(str(script)).stem)
    for package in PACKAGES
    for script in files(package).joinpath("lua").iterdir()
]


@pytest.fixture
def redis(redis_settings: RedisSettings) -> Redis:
    """Client whose values are text."""
    return connect(redis_settings, text=True)


def _source(package: str, name: str) -> str:
    return files(package).joinpath("lua", f"{name}.lua").read_text()


@pytest.mark.parametrize(("package", "name"), SCRIPTS)
def test_every_script_compiles(redis: Redis, package: str, name: str) -> None:
    """With everything that it includes."""
    assert redis.script_load(load_script(package, name))


@pytest.mark.parametrize(("package", "name"), SCRIPTS)
def test_the_legend_names_all_that_is_used(package: str, name: str) -> None:
    """Every KEYS[n] and ARGV[n] of the code, and what a script returns."""
    source = _source(package, name)
    legend = "\n".join(line for line in source.splitlines() if line.startswith("--"))
    code = "\n".join(line for line in source.splitlines() if not line.startswith("--"))
    used = set(re.findall(r"(?:KEYS|ARGV)\[\d+", code))
    assert used <= set(re.findall(r"(?:KEYS|ARGV)\[\d+", legend))
    is_script = re.search(r"^return ", code, flags=re.MULTILINE)
    assert "Returns" in legend or not is_script


@pytest.mark.parametrize(("package", "name"), SCRIPTS)
def test_no_script_spells_a_field_or_key(package: str, name: str) -> None:
    """They come from ``store.keys``: a field that is renamed there is renamed here too."""
    code = "\n".join(
        line for line in _source(package, name).splitlines() if not line.startswith("--")
    )
    literals = set(re.findall(r"'([^']*)'", code))
    assert not literals & {field.value for field in (*JobField, *BacklogField)}
    assert not [literal for literal in literals if literal.startswith("genrebot")]


def test_what_is_included_twice_is_there_once() -> None:
    """Functions of the backlog would otherwise shadow each other."""
    source = load_script("shared.store", "advance_job")
    assert source.count("local function change_backlog(") == 1
    assert source.count("local F = ") == 1


def test_an_unknown_script_is_an_error() -> None:
    """A typing error shows when the module is loaded."""
    with pytest.raises(FileNotFoundError):
        load_script("shared.store", "nonsense")
