"""The command line, called in this process."""

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.cli import main
from tests.sounds import encode, tune

Genrebot = Callable[..., Result]


@pytest.fixture
def genrebot(monkeypatch: pytest.MonkeyPatch) -> Iterator[Genrebot]:
    """Call ``genrebot`` with some arguments, in an environment without settings of ours."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    for name in os.environ:
        if name.startswith(("GENREBOT_", "REDIS_", "BOT_", "FLOWER_")):
            monkeypatch.delenv(name)

    def call(*arguments: object, **environment: str) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments], env=environment)

    yield call
    # Commands that serve set logging up for their process.
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="session")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven seconds of music: two chunks and a rest."""
    path = tmp_path_factory.mktemp("songs") / "song.mp3"
    path.write_bytes(encode(tune(7), "mp3"))
    return path


@pytest.fixture(scope="session")
def junk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that is not music."""
    path = tmp_path_factory.mktemp("junk") / "junk.mp3"
    path.write_bytes(b"just words\n" * 500)
    return path
