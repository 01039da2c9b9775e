"""A whole service to measure on: Valkey, an emulated Telegram, a worker, and a bot if wanted."""

import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from pydantic import SecretStr
from redis import Redis

from devtools.emulator.serving import EmulatorThread, emulator_thread
from devtools.emulator.state.records import ChatMessage
from devtools.local.processes import Processes
from devtools.local.valkey import embedded_valkey
from shared.settings import RedisSettings
from shared.store.redis_client import connect

LIMIT_S: Final = 600.0
"""Seconds after which what does not come counts as broken."""
LOOK_S: Final = 2.0
"""Seconds between two looks at whether all processes still live."""
POLL_S: Final = 0.01
LAG_LIMIT_S: Final = 30.0
STOP_S: Final = 15.0
"""Seconds from the request to stop until the bot is killed."""
_LOG, _LAG = "log", "lag.json"
_TAIL: Final = 3000
_chats = itertools.count(1)


class BrokenError(Exception):
    """A process has ended, or an answer has not come: there is nothing to measure."""


@dataclass(frozen=True)
class Stand:
    """What is running.

    Attributes:
        telegram: the emulated Telegram.
        redis_url: address of the Valkey.
        processes: the worker, named "worker".
        bot: the bot, where one was asked for.
        folder: for this run; the processes print into "log".

    """

    telegram: EmulatorThread
    redis_url: str
    processes: Processes
    bot: subprocess.Popen[bytes] | None
    folder: Path

    @property
    def settings(self) -> RedisSettings:
        """The Valkey as settings."""
        return RedisSettings(url=SecretStr(self.redis_url))

    def redis(self) -> Redis:
        """Open a client whose values are text; it is the caller's to close."""
        return connect(self.settings, text=True)

    def check(self) -> None:
        """Look whether all processes live.

        Raises:
            BrokenError: one has ended; with the end of the log.

        """
        gone = self.processes.ended()
        if self.bot is not None and self.bot.poll() is not None:
            gone = ("bot", self.bot.returncode)
        if gone is not None:
            log = (self.folder / _LOG).read_text(encoding="utf-8", errors="replace")
            raise BrokenError(f"the {gone[0]} ended with exit code {gone[1]}:\n{log[-_TAIL:]}")

    def until(self, condition: Callable[[], bool], what: str, limit_s: float = LIMIT_S) -> None:
        """Wait for a condition.

        Raises:
            BrokenError: it did not come true in time, or a process has ended.

        """
        started = looked = time.monotonic()
        while not condition():
            now = time.monotonic()
            if now - looked > LOOK_S:
                self.check()
                looked = now
            if now - started > limit_s:
                raise BrokenError(f"waited {limit_s:.0f} s for {what}")
            time.sleep(POLL_S)

    def lag(self) -> dict[str, float]:
        """Ask the bot how late its event loop has woken since it was last asked.

        Returns:
            As ``devtools.bench.programs.bot`` writes it.

        Raises:
            BrokenError: it does not answer.

        """
        assert self.bot is not None, "a stand with a bot"  # noqa: S101 - for the type checker
        told = self.folder / _LAG
        told.unlink(missing_ok=True)
        self.bot.send_signal(signal.SIGUSR1)
        self.until(told.exists, "the bot's lag", LAG_LIMIT_S)
        figures: dict[str, float] = json.loads(told.read_text(encoding="utf-8"))
        return figures

    def person(self) -> "Person":
        """Somebody new."""
        return Person(self)


class Person:
    """Somebody in a private chat of their own, who sends tracks and waits for the answers."""

    def __init__(self, stand: Stand) -> None:
        self._stand = stand
        self.chat = next(_chats)
        self.sent_at = 0.0
        """When the last track was sent, in seconds since the epoch."""

    def send(self, data: bytes, name: str = "track.mp3") -> ChatMessage:
        """Send a track."""
        sent = self._stand.telegram.call(
            lambda state: state.send_media(
                self.chat, "audio", data, file_name=name, mime_type="audio/mpeg"
            ).snapshot()
        )
        self.sent_at = sent.current.at
        return sent

    def answered(self, limit_s: float = LIMIT_S) -> float:
        """Wait for the verdict of the one track that was sent.

        Returns:
            Seconds from the sending to the picture with the verdict, both by Telegram's clock.

        Raises:
            BrokenError: the answer is that something is wrong with the track, or there is none.

        """
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            try:
                found = self._stand.telegram.run(
                    lambda state: state.wait_for(self.chat, _is_end, LOOK_S)
                ).snapshot()
            except TimeoutError:
                self._stand.check()
                continue
            if not _has_picture(found):
                raise BrokenError(f"instead of a verdict: {found.shown}")
            return next(v.at for v in found.versions if v.media is not None) - self.sent_at
        raise BrokenError(f"no verdict after {limit_s:.0f} s")

    def ask(self, data: bytes) -> float:
        """Send a track and wait for its verdict; the seconds that took."""
        self.send(data)
        return self.answered()


def _has_picture(message: ChatMessage) -> bool:
    return message.media is not None and message.media.kind == "photo"


def _is_end(message: ChatMessage) -> bool:
    return message.from_bot and (_has_picture(message) or "😕" in message.shown)


@contextmanager
def stand(*, concurrency: int = 1, bot: bool = False, worker: bool = True) -> Iterator[Stand]:
    """Run everything while the body runs; all of it is gone afterwards, whatever happens.

    Args:
        concurrency: processes of the worker that run tasks.
        bot: whether a bot polls the emulated Telegram; without one, nobody sees what is sent.
        worker: whether the worker is started at once.

    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis_url = stack.enter_context(embedded_valkey())
        telegram = stack.enter_context(emulator_thread())
        environment = {
            "REDIS_URL": redis_url,
            "BOT_TOKEN": telegram.token,
            "GENREBOT_API_URL": telegram.base_url,
            "GENREBOT_WORK_DIR": str(folder / "work"),
        }
        log = stack.enter_context((folder / _LOG).open("ab"))
        processes = stack.enter_context(Processes(environment, log))
        polling = stack.enter_context(_bot(environment, folder, log)) if bot else None
        made = Stand(telegram, redis_url, processes, polling, folder)
        if worker:
            start_worker(made, concurrency)
        yield made


@contextmanager
def _bot(
    environment: dict[str, str], folder: Path, log: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a bot whose event loop can be looked into."""
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", f"{__package__}.programs.bot", str(folder / _LAG)],
        env={**os.environ, **environment},
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C is ours to pass on
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def start_worker(running: Stand, concurrency: int) -> None:
    """Start the worker."""
    name = f"bench@{os.uname().nodename}"
    arguments = ["worker", "--name", name, "--concurrency", str(concurrency)]
    running.processes.start("worker", arguments)
