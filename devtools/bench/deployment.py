"""A whole service to measure: Valkey, the Telegram emulator, a worker, and optionally a bot."""

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
"""Seconds until a wait fails."""
LOOK_S: Final = 2.0
"""Seconds between two checks that all processes run."""
POLL_S: Final = 0.01
LAG_LIMIT_S: Final = 30.0
STOP_S: Final = 15.0
"""Seconds from SIGTERM until the bot is killed."""
_LOG, _LAG = "log", "lag.json"
_TAIL: Final = 3000
_chats = itertools.count(1)


class BrokenError(Exception):
    """A process has ended, or an answer has not come: there is nothing to measure."""


@dataclass(frozen=True)
class Deployment:
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
        """Check that all processes run.

        Raises:
            BrokenError: one has ended; the message holds the end of the log.

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
            BrokenError: the condition stayed false too long, or a process has ended.

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
        """Return the lag of the bot's event loop since the last call.

        Returns:
            As ``devtools.bench.programs.bot`` writes it.

        Raises:
            BrokenError: the bot does not answer.

        """
        assert self.bot is not None, "a deployment with a bot"  # noqa: S101 - for the type checker
        told = self.folder / _LAG
        told.unlink(missing_ok=True)
        self.bot.send_signal(signal.SIGUSR1)
        self.until(told.exists, "the bot's lag", LAG_LIMIT_S)
        figures: dict[str, float] = json.loads(told.read_text(encoding="utf-8"))
        return figures

    def person(self) -> "Person":
        """Return a new person with a private chat."""
        return Person(self)


class Person:
    """A person with a private chat, who sends tracks and waits for replies."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self.chat = next(_chats)
        self.sent_at = 0.0
        """When the last track was sent, in seconds since the epoch."""

    def send(self, data: bytes, name: str = "track.mp3") -> ChatMessage:
        """Send a track."""
        sent = self._deployment.telegram.call(
            lambda state: state.send_media(
                self.chat, "audio", data, file_name=name, mime_type="audio/mpeg"
            ).snapshot()
        )
        self.sent_at = sent.current.at
        return sent

    def answered(self, limit_s: float = LIMIT_S) -> float:
        """Wait for the verdict of the one track that was sent.

        Returns:
            Seconds from sending to the picture with the verdict, by the emulator's clock.

        Raises:
            BrokenError: the reply is an error, or there is none.

        """
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            try:
                found = self._deployment.telegram.run(
                    lambda state: state.wait_for(self.chat, _is_end, LOOK_S)
                ).snapshot()
            except TimeoutError:
                self._deployment.check()
                continue
            if not _has_picture(found):
                raise BrokenError(f"instead of a verdict: {found.shown}")
            return next(v.at for v in found.versions if v.media is not None) - self.sent_at
        raise BrokenError(f"no verdict after {limit_s:.0f} s")

    def ask(self, data: bytes) -> float:
        """Send a track and wait for its verdict; return the seconds it took."""
        self.send(data)
        return self.answered()


def _has_picture(message: ChatMessage) -> bool:
    return message.media is not None and message.media.kind == "photo"


def _is_end(message: ChatMessage) -> bool:
    return message.from_bot and (_has_picture(message) or "😕" in message.shown)


@contextmanager
def deployed(
    *, concurrency: int = 1, bot: bool = False, worker: bool = True
) -> Iterator[Deployment]:
    """Run a deployment while the body runs, and stop all of it afterwards.

    Args:
        concurrency: processes of the worker that run tasks.
        bot: whether a bot runs.
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
        made = Deployment(telegram, redis_url, processes, polling, folder)
        if worker:
            start_worker(made, concurrency)
        yield made


@contextmanager
def _bot(
    environment: dict[str, str], folder: Path, log: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a bot that reports the lag of its event loop."""
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", f"{__package__}.programs.bot", str(folder / _LAG)],
        env={**os.environ, **environment},
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # so that Ctrl-C does not reach it directly
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


def start_worker(running: Deployment, concurrency: int) -> None:
    """Start the worker."""
    name = f"bench@{os.uname().nodename}"
    arguments = ["worker", "--name", name, "--concurrency", str(concurrency)]
    running.processes.start("worker", arguments)
