"""Logging: a line per event, and no secret."""

import logging
from collections.abc import Iterator

import pytest

from shared import logs

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back as it was."""
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    quiet = {name: logging.getLogger(name).level for name in logs._QUIET}
    yield logger
    logger.handlers[:] = handlers
    logger.setLevel(level)
    for name, before in quiet.items():
        logging.getLogger(name).setLevel(before)


def log_failure(logger: logging.Logger, reason: str) -> None:
    """Log an exception with its traceback."""
    try:
        _fail(reason)
    except OSError:
        logger.exception("it failed")


def _fail(reason: str) -> None:
    raise OSError(reason)


def test_an_event_is_one_line(root: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    """A traceback stays on the line of its event."""
    logs.configure("INFO")
    log_failure(root, "two\nlines")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "ERROR root: it failed | Traceback" in lines[0]
    assert lines[0].endswith("OSError: two | lines")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"https://api.telegram.org/bot{TOKEN}/getMe", "bot123456789:***/getMe"),
        (f"token={TOKEN}", "token=123456789:***"),
        ("redis://user:sesame@host:6379/0", "redis://user:***@host:6379/0"),
        ("rediss://:sesame@host/0", "rediss://:***@host/0"),
        ("redis://host:6379/0 at 12:30", "redis://host:6379/0 at 12:30"),
    ],
)
def test_secrets_are_blotted_out(
    root: logging.Logger, capsys: pytest.CaptureFixture[str], text: str, shown: str
) -> None:
    """Tokens and passwords do not get out, not even inside an exception."""
    logs.configure("INFO")
    root.info("asked %s", text)
    log_failure(root, text)
    output = capsys.readouterr().err
    assert output.count(shown) == 2
    assert "sesame" not in output
    assert TOKEN not in output


@pytest.mark.usefixtures("root")
def test_the_level_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """GENREBOT_LOG_LEVEL decides, in any case of letters; by default it is INFO."""
    logger = logging.getLogger("genrebot.test")
    for value, expected in (("warning", ["b"]), ("", ["a", "b"])):
        monkeypatch.setenv("GENREBOT_LOG_LEVEL", value)
        logs.configure()
        logger.info("a")
        logger.warning("b")
        assert [line[-1] for line in capsys.readouterr().err.splitlines()] == expected


@pytest.mark.usefixtures("root")
def test_chatty_libraries_are_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    """A line per update would drown everything else."""
    logs.configure("DEBUG")
    logging.getLogger("aiogram.event").info("Update id=1 is handled")
    logging.getLogger("aiogram.event").error("Update id=2 failed")
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.usefixtures("root")
def test_an_unknown_level_is_refused() -> None:
    """A level that does not exist stops the start."""
    with pytest.raises(ValueError, match="LOUD"):
        logs.configure("loud")
