"""Commands that serve, as processes: they end when told to, whole, and keep the queue."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import psutil
import pytest

from devtools.emulator.config import EmulatorConfig
from devtools.emulator.serving import EmulatorThread, emulator_thread
from devtools.emulator.state.records import ChatMessage
from tests.processes import (
    HANG_S,
    as_a_terminal_starts,
    as_in_the_background,
    descendants,
    lives,
    until,
)
from tests.reaper import MARK
from tests.sounds import encode, tune

pytestmark = pytest.mark.processes

CHAT = 31


@pytest.fixture
def telegram() -> Iterator[EmulatorThread]:
    """An emulated Telegram of the test's own: no other test's bot would be let in."""
    with emulator_thread(config=EmulatorConfig(token=f"424242:{uuid.uuid4().hex}")) as emulator:
        yield emulator


class Genrebot:
    """``genrebot`` as a terminal runs it: in a process group of its own.

    Args:
        log: takes what it prints.
        arguments: of the command line.
        environment: further settings.

    """

    def __init__(self, log: Path, *arguments: str, **environment: str) -> None:
        plain = {
            name: value
            for name, value in os.environ.items()
            if name == MARK or not name.startswith(("REDIS", "GENREBOT", "BOT"))
        }
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                as_a_terminal_starts([sys.executable, "-m", "genrebot", *arguments]),
                env=plain | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.family: list[psutil.Process] = []

    def until(self, condition: Callable[[], object]) -> None:
        """Wait until something has come about, and note the children on the way."""

        def come() -> bool:
            assert self.process.poll() is None, self.log.read_text()
            self.family = descendants(self.process.pid)
            return bool(condition())

        until(come, self.log.read_text)

    def end(self, number: signal.Signals, *, group: bool = False) -> int:
        """Send a signal, to it or as a terminal does to its group; the exit code."""
        send = os.killpg if group else os.kill
        send(self.process.pid, number)
        return self.wait()

    def wait(self) -> int:
        """Wait for its end; the exit code."""
        return self.process.wait(HANG_S)

    def left(self) -> list[psutil.Process]:
        """Which of its children are still there."""
        return [process for process in self.family if lives(process)]

    def clear(self) -> None:
        """Kill what is left, for a test that has failed."""
        for process in (*descendants(self.process.pid), *self.left()):
            process.kill()
        self.process.kill()
        self.process.wait()


class Start(Protocol):
    """Starts ``genrebot``."""

    def __call__(self, name: str, *arguments: str, **environment: str) -> Genrebot:
        """Log to a file of this name."""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start ``genrebot``; none outlives the test."""
    started: list[Genrebot] = []

    def make(name: str, *arguments: str, **environment: str) -> Genrebot:
        started.append(Genrebot(tmp_path / name, *arguments, **environment))
        return started[-1]

    yield make
    for genrebot in started:
        genrebot.clear()


def _shown(telegram: EmulatorThread) -> list[ChatMessage]:
    return [m.snapshot() for m in telegram.call(lambda s: s.messages(CHAT)) if m.from_bot]


def _says(telegram: EmulatorThread, words: str) -> bool:
    return any(words in message.shown for message in _shown(telegram))


def test_a_run_ends_whole_and_the_next_goes_on_where_it_stopped(
    telegram: EmulatorThread, tmp_path: Path, start: Start
) -> None:
    """SIGTERM while a track waits in the queue, Ctrl-C once the next run has answered it."""
    settings = {"BOT_TOKEN": telegram.token, "GENREBOT_API_URL": telegram.base_url}
    command = ["run", "--data-dir", str(tmp_path / "queue"), "--concurrency", "1"]
    data = encode(tune(7), "mp3")
    telegram.call(lambda state: state.send_media(CHAT, "audio", data, file_name="a.mp3"))

    first = start("first.log", *command, **settings)
    first.until(lambda: _says(telegram, "In the queue"))
    assert len(first.family) >= 3
    assert first.end(signal.SIGTERM) == 0
    assert first.left() == []
    assert "handed back to the queue" in first.log.read_text()
    assert "killed" not in first.log.read_text()

    second = start("second.log", *command, **settings)
    second.until(lambda: _says(telegram, "What sounds most like"))
    rival = start("rival.log", *command, **settings)
    assert rival.wait() == 1
    assert "is in use" in rival.log.read_text()
    assert "Traceback" not in rival.log.read_text()
    assert second.end(signal.SIGINT, group=True) == 0
    assert second.left() == []
    assert "killed" not in second.log.read_text()
    kinds = [message.media.kind for message in _shown(telegram) if message.media]
    assert kinds == ["photo", "voice"]


def test_a_run_that_is_killed_takes_all_along(
    telegram: EmulatorThread, tmp_path: Path, start: Start
) -> None:
    """SIGKILL, as by a kernel that is out of memory: nobody is there to stop the others."""
    settings = {"BOT_TOKEN": telegram.token, "GENREBOT_API_URL": telegram.base_url}
    run = start("log", "run", "--data-dir", str(tmp_path / "queue"), **settings)
    run.until(lambda: len(run.family) >= 4)
    run.end(signal.SIGKILL)
    until(lambda: not run.left(), lambda: f"{run.left()} live on: {run.log.read_text()}")


def test_a_run_in_the_background_ends_by_sigterm(
    telegram: EmulatorThread, tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a shell, nohup or cron starts it: it does not see Ctrl-C, nor the end of a terminal."""
    settings = {"BOT_TOKEN": telegram.token, "GENREBOT_API_URL": telegram.base_url}
    monkeypatch.setattr(f"{__name__}.as_a_terminal_starts", as_in_the_background)
    run = start("log", "run", "--data-dir", str(tmp_path / "queue"), **settings)
    run.until(lambda: len(run.family) >= 4)
    for number in (signal.SIGINT, signal.SIGHUP):
        os.killpg(run.process.pid, number)
    assert run.end(signal.SIGTERM) == 0
    assert "handed back to the queue" in run.log.read_text()
    assert run.left() == []


def test_a_run_whose_bot_ends_says_so_and_ends(
    telegram: EmulatorThread, tmp_path: Path, start: Start
) -> None:
    """A token that Telegram does not know; the worker and the server go with the bot."""
    run = start(
        "log",
        *("run", "--data-dir", str(tmp_path / "queue")),
        BOT_TOKEN="1:nobody",
        GENREBOT_API_URL=telegram.base_url,
    )
    run.until(lambda: len(run.family) >= 4)
    assert run.wait() == 1
    log = run.log.read_text()
    assert "Telegram does not know this BOT_TOKEN" in log
    assert "the bot ended with exit code 1; everything was stopped" in log
    assert run.left() == []


def test_a_demo_that_is_ended_leaves_nothing_behind(tmp_path: Path, start: Start) -> None:
    """A closed terminal sends SIGHUP, and Python would end on the spot."""
    demo = start("log", "demo", "--out", str(tmp_path / "out"))
    demo.until(lambda: len(demo.family) >= 4)
    assert demo.end(signal.SIGHUP) != 0
    assert demo.left() == []


def test_a_demo_without_a_bot_fails_with_a_sentence(
    telegram: EmulatorThread, tmp_path: Path, start: Start
) -> None:
    """Exit code 1; with an emulator of somebody else's there is no log to point at."""
    track = tmp_path / "a.mp3"
    track.write_bytes(b"x")
    demo = start(
        "log",
        *("demo", "--emulator", telegram.base_url, "--limit", "1"),
        *("--track", str(track), "--out", str(tmp_path / "out")),
    )
    assert demo.wait() == 1
    assert "demo failed: the bot was silent for 1 s" in demo.log.read_text()
    assert "Traceback" not in demo.log.read_text()


def test_a_demo_with_an_emulator_that_is_not_there_says_so(tmp_path: Path, start: Start) -> None:
    """No traceback for a wrong address."""
    track = tmp_path / "a.mp3"
    track.write_bytes(b"x")
    demo = start(
        "log",
        *("demo", "--emulator", "http://127.0.0.1:1"),
        *("--track", str(track), "--out", str(tmp_path / "out")),
    )
    assert demo.wait() == 1
    assert "the emulator cannot be reached" in demo.log.read_text()
    assert "Traceback" not in demo.log.read_text()


def test_a_demo_ends_with_a_picture_and_a_clip(tmp_path: Path, start: Start) -> None:
    """The first thing that anybody tries: exit code 0, and the chat on the screen."""
    track = tmp_path / "my song.mp3"
    track.write_bytes(encode(tune(8), "mp3"))
    out = tmp_path / "out"
    demo = start("log", "demo", "--track", str(track), "--out", str(out))
    demo.until(lambda: len(demo.family) >= 4)
    assert demo.wait() == 0, demo.log.read_text()
    shown = demo.log.read_text()
    assert "you │ [my song.mp3]" in shown
    assert "bot │ [photo]" in shown
    assert (out / "genre.png").read_bytes().startswith(b"\x89PNG")
    assert (out / "clip.ogg").read_bytes().startswith(b"OggS")
    assert demo.left() == []
