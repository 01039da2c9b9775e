"""Commands that serve, as processes: they end when told to, whole, and keep the queue."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devtools.emulator.serving import EmulatorThread, emulator_thread
from devtools.emulator.state.records import ChatMessage
from tests.sounds import encode, tune

CHAT = 31
START_S = 60.0
STOP_S = 30.0


@pytest.fixture(scope="module")
def telegram() -> Iterator[EmulatorThread]:
    """An emulated Telegram."""
    with emulator_thread() as emulator:
        yield emulator


class Genrebot:
    """``genrebot`` as a terminal runs it: in a process group of its own.

    Args:
        log: takes what it prints.
        arguments: of the command line.
        environment: further settings.

    """

    def __init__(self, log: Path, *arguments: str, **environment: str) -> None:
        plain = {name: value for name, value in os.environ.items() if "REDIS" not in name}
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "services.cli", *arguments],
                env=plain | environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.family: set[int] = set()

    def until(self, condition: Callable[[], object], limit_s: float = START_S) -> None:
        """Wait until something has come about, and note the children on the way."""
        deadline = time.monotonic() + limit_s
        while not condition():
            assert time.monotonic() < deadline, self.log.read_text()
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.1)
        self.family = _descendants(self.process.pid)

    def end(self, number: signal.Signals, *, group: bool = False) -> int:
        """Send a signal, to it or as a terminal does to its group; the exit code."""
        send = os.killpg if group else os.kill
        send(self.process.pid, number)
        return self.process.wait(STOP_S)

    def left(self) -> set[int]:
        """Which of its children are still there."""
        return self.family & _running().keys()


def _running() -> dict[int, int]:
    """Parents of all processes that are more than zombies."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid=,stat="],  # noqa: S607 - wherever ps is
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    rows = [line.split() for line in listed.splitlines()]
    return {int(pid): int(parent) for pid, parent, state in rows if not state.startswith("Z")}


def _descendants(pid: int) -> set[int]:
    parents, found = _running(), {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def _shown(telegram: EmulatorThread) -> list[ChatMessage]:
    return [m.snapshot() for m in telegram.call(lambda s: s.messages(CHAT)) if m.from_bot]


def _says(telegram: EmulatorThread, words: str) -> bool:
    return any(words in message.shown for message in _shown(telegram))


def test_a_run_ends_whole_and_the_next_goes_on_where_it_stopped(
    telegram: EmulatorThread, tmp_path: Path
) -> None:
    """SIGTERM while a track waits in the queue, Ctrl-C once the next run has answered it."""
    settings = {"BOT_TOKEN": telegram.token, "GENREBOT_API_URL": telegram.base_url}
    command = ["run", "--data-dir", str(tmp_path / "queue"), "--concurrency", "1"]
    data = encode(tune(7), "mp3")
    telegram.call(lambda state: state.send_media(CHAT, "audio", data, file_name="a.mp3"))

    first = Genrebot(tmp_path / "first.log", *command, **settings)
    first.until(lambda: _says(telegram, "In the queue"))
    assert len(first.family) >= 3
    assert first.end(signal.SIGTERM) == 0
    assert first.left() == set()
    assert "handed back to the queue" in first.log.read_text()

    second = Genrebot(tmp_path / "second.log", *command, **settings)
    second.until(lambda: _says(telegram, "What sounds most like"))
    rival = Genrebot(tmp_path / "rival.log", *command, **settings)
    assert rival.process.wait(STOP_S) == 1
    assert "is in use" in rival.log.read_text()
    assert "Traceback" not in rival.log.read_text()
    assert second.end(signal.SIGINT, group=True) == 0
    assert second.left() == set()
    kinds = [message.media.kind for message in _shown(telegram) if message.media]
    assert kinds == ["photo", "voice"]


def test_a_run_whose_bot_ends_says_so_and_ends(telegram: EmulatorThread, tmp_path: Path) -> None:
    """A token that Telegram does not know; the worker and the server go with the bot."""
    run = Genrebot(
        tmp_path / "log",
        *("run", "--data-dir", str(tmp_path / "queue")),
        BOT_TOKEN="1:nobody",
        GENREBOT_API_URL=telegram.base_url,
    )
    run.until(lambda: len(_descendants(run.process.pid)) >= 3)
    assert run.process.wait(START_S) == 1
    log = run.log.read_text()
    assert "Telegram does not know this BOT_TOKEN" in log
    assert "the bot ended with exit code 1; everything was stopped" in log
    assert run.left() == set()


def test_a_demo_that_is_ended_leaves_nothing_behind(tmp_path: Path) -> None:
    """A closed terminal sends SIGHUP, and Python would end on the spot."""
    demo = Genrebot(tmp_path / "log", "demo", "--out", str(tmp_path / "out"))
    demo.until(lambda: len(_descendants(demo.process.pid)) >= 3)
    assert demo.end(signal.SIGHUP) != 0
    assert demo.left() == set()


def test_a_demo_without_a_bot_fails_with_a_sentence(
    telegram: EmulatorThread, tmp_path: Path
) -> None:
    """Exit code 1; with an emulator of somebody else's there is no log to point at."""
    track = tmp_path / "a.mp3"
    track.write_bytes(b"x")
    demo = Genrebot(
        tmp_path / "log",
        *("demo", "--emulator", telegram.base_url, "--limit", "1"),
        *("--track", str(track), "--out", str(tmp_path / "out")),
    )
    assert demo.process.wait(START_S) == 1
    assert "demo failed: the bot was silent for 1 s" in demo.log.read_text()
    assert "Traceback" not in demo.log.read_text()


def test_a_demo_with_an_emulator_that_is_not_there_says_so(tmp_path: Path) -> None:
    """No traceback for a wrong address."""
    demo = Genrebot(
        tmp_path / "log",
        *("demo", "--emulator", "http://127.0.0.1:1", "--out", str(tmp_path / "out")),
    )
    assert demo.process.wait(START_S) == 1
    assert "the emulator cannot be reached" in demo.log.read_text()
    assert "Traceback" not in demo.log.read_text()


def test_a_demo_ends_with_a_picture_and_a_clip(tmp_path: Path) -> None:
    """The first thing that anybody tries: exit code 0, and the chat on the screen."""
    track = tmp_path / "my song.mp3"
    track.write_bytes(encode(tune(8), "mp3"))
    out = tmp_path / "out"
    demo = Genrebot(tmp_path / "log", "demo", "--track", str(track), "--out", str(out))
    assert demo.process.wait(START_S) == 0, demo.log.read_text()
    shown = demo.log.read_text()
    assert "you │ [my song.mp3]" in shown
    assert "bot │ [photo]" in shown
    assert (out / "genre.png").read_bytes().startswith(b"\x89PNG")
    assert (out / "clip.ogg").read_bytes().startswith(b"OggS")
    assert _descendants(demo.process.pid) == set()
