"""``.env``, and names of settings that nobody reads."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.cli.environment import known_variables, prepare_environment
from tests.services.cli.conftest import Genrebot

EXAMPLE = Path(__file__).parents[3] / ".env.example"
COMPOSE_ONLY = {"REDIS_PASSWORD", "REDIS_MAXMEMORY", "FLOWER_PORT", "FLOWER_BASIC_AUTH"}
"""Read by ``docker-compose.yml`` and by ``genrebot flower``, not as settings."""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Restore the environment, which is changed here."""
    before = dict(os.environ)
    for name in list(os.environ):
        if name.startswith(("GENREBOT_", "BOT_", "REDIS_")):
            monkeypatch.delenv(name)
    yield
    os.environ.clear()
    os.environ.update(before)


def test_the_example_describes_every_setting() -> None:
    """And nothing that is not one."""
    described = set(re.findall(r"^#?([A-Z_]+)=", EXAMPLE.read_text(), re.MULTILINE))
    names = known_variables() - {"GENREBOT_LANES", "GENREBOT_ENV_FILE", "GENREBOT_DATA"}
    assert described - COMPOSE_ONLY == names


def test_an_unknown_name_is_warned_of_with_the_nearest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once: it is removed, so that children do not warn again."""
    monkeypatch.setenv("GENREBOT_MAX_DURATOIN", "1h")
    monkeypatch.setenv("GENREBOT_XQZ", "1")
    monkeypatch.setenv("GENREBOT_LANES", "4")
    prepare_environment()
    assert capsys.readouterr().err.splitlines() == [
        ("warning: there is no setting GENREBOT_MAX_DURATOIN; did you mean GENREBOT_MAX_DURATION?"),
        "warning: there is no setting GENREBOT_XQZ",
    ]
    assert "GENREBOT_XQZ" not in os.environ
    prepare_environment()
    assert capsys.readouterr().err == ""


def test_the_file_fills_in_what_is_not_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The environment wins, and only commands that want it read the file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("# comment\nBOT_TOKEN=1:file\nGENREBOT_MAX_DURATION='2h'\n")
    monkeypatch.setenv("BOT_TOKEN", "2:environment")
    prepare_environment()
    assert "GENREBOT_MAX_DURATION" not in os.environ
    prepare_environment(env_file=True)
    assert os.environ["GENREBOT_MAX_DURATION"] == "2h"
    assert os.environ["BOT_TOKEN"] == "2:environment"


@pytest.mark.parametrize(("named", "read"), [("other.env", True), ("", False)])
def test_another_file_or_none_can_be_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: str, *, read: bool
) -> None:
    """By GENREBOT_ENV_FILE; the demo names none, so that it is the same everywhere."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("BOT_TOKEN=1:default\n")
    (tmp_path / "other.env").write_text("BOT_TOKEN=1:other\n")
    monkeypatch.setenv("GENREBOT_ENV_FILE", named)
    prepare_environment(env_file=True)
    assert os.environ.get("BOT_TOKEN") == ("1:other" if read else None)


@pytest.mark.parametrize("command", ["run", "bot", "worker"])
def test_commands_that_serve_read_the_file(
    genrebot: Genrebot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    """A token there is found, here to be refused."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("BOT_TOKEN=nonsense\n")
    result = genrebot(command)
    assert result.exit_code == 1
    assert "a bot token looks like" in result.output
