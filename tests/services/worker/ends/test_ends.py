"""Ends at every bad moment, over and over: none hangs, none leaves a process or loses a task.

``ENDS`` says how often each moment comes; `make steady` lets it be hundreds in all.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import psutil
import pytest
from redis import Redis

from devtools.local.valkey import ValkeyServer, free_port
from shared.queue.celery_config import broker_app
from shared.queue.messages import JobMessage
from shared.queue.sending import send
from shared.queue.tasks import QueueName, TaskName
from shared.settings import LimitSettings, RedisSettings
from tests.processes import (
    HANG_S,
    as_a_terminal_starts,
    descendants,
    lives,
    until,
)
from tests.services.worker.ends.waiting_worker import BEGUN, ENDED, FORKED, GO

pytestmark = pytest.mark.processes

TIMES = int(os.environ.get("ENDS", "1"))
BUSY_S = 30.0
"""Seconds within which a worker ends: what ``devtools.local.processes`` gives it."""
REQUESTS = (signal.SIGTERM, signal.SIGINT)


@dataclass
class Running:
    """A worker with a queue of its own."""

    valkey: ValkeyServer
    redis: Redis
    process: "subprocess.Popen[bytes]"
    log: Path
    family: list[psutil.Process]

    def send(self) -> None:
        """Put a task on the queue."""
        with broker_app(RedisSettings(), LimitSettings()) as app:
            app.conf.broker_url = self.valkey.url
            message = JobMessage(job_id="a" * 24)
            send(app, TaskName.INGEST, message, queue=QueueName.SHORT, limit_s=600)

    def wait_for(self, name: str) -> bytes:
        """Wait for a word of the worker."""
        word = cast("list[bytes] | None", self.redis.blpop([name], int(HANG_S)))
        assert word is not None, self.log.read_text()
        return word[1]

    def end(self, number: signal.Signals) -> float:
        """Ask it to end; seconds that this took. None of its processes is left."""
        begin = time.monotonic()
        self.ask(number)
        self.ended()
        return time.monotonic() - begin

    def ask(self, number: signal.Signals) -> None:
        """Ask it to end, and wait until it has heard."""
        self.family = descendants(self.process.pid)
        self.process.send_signal(number)
        until(lambda: "Warm shutdown" in self.log.read_text(), self.log.read_text)

    def ended(self) -> None:
        """Wait for its end, and for that of all its processes."""
        self.process.wait(HANG_S)
        until(lambda: not any(map(lives, self.family)), self.log.read_text)

    def tasks_left(self) -> int:
        """Tasks that another worker would find: on the queue, or not acknowledged."""
        return cast("int", self.redis.llen(QueueName.SHORT)) + cast(
            "int", self.redis.hlen("unacked")
        )


@contextmanager
def _running(folder: Path, *arguments: str, **environment: str) -> Iterator[Running]:
    log = folder / "log"
    with (
        ValkeyServer(folder / "queue", free_port(), {}) as valkey,
        Redis.from_url(valkey.url) as redis,
    ):
        command = [sys.executable, "-m", f"{__package__}.waiting_worker", "--concurrency=1"]
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own program
                as_a_terminal_starts([*command, *arguments]),
                env=os.environ | environment | {"REDIS_URL": valkey.url},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        running = Running(valkey, redis, process, log, [])
        try:
            running.wait_for(FORKED)
            yield running
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _turns(first: int) -> Iterator[tuple[str, signal.Signals]]:
    """Name each turn, and choose how it is asked to end: either way in turn."""
    for turn in range(TIMES):
        yield str(turn), REQUESTS[(first + turn) % 2]


def test_right_after_a_fork(tmp_path: Path) -> None:
    """The first process is just there; the consumer may not even be connected."""
    for turn, number in _turns(0):
        with _running(tmp_path / turn) as worker:
            assert worker.end(number) < BUSY_S


def test_right_after_a_task(tmp_path: Path) -> None:
    """Each task gets a new process here, so this is also the middle of a fork."""
    for turn, number in _turns(1):
        with _running(tmp_path / turn, "--max-tasks-per-child=1") as worker:
            worker.redis.rpush(GO, "")
            worker.send()
            worker.wait_for(ENDED)
            assert worker.end(number) < BUSY_S
            assert worker.tasks_left() == 0


def test_in_the_middle_of_a_task(tmp_path: Path) -> None:
    """It may end; what comes meanwhile stays on the queue."""
    for turn, number in _turns(0):
        with _running(tmp_path / turn) as worker:
            worker.send()
            worker.wait_for(BEGUN)
            worker.ask(number)
            worker.send()
            worker.redis.rpush(GO, "")
            worker.ended()
            worker.wait_for(ENDED)
            assert worker.tasks_left() == 1


def test_a_task_that_does_not_end_is_handed_back_and_that_is_said(tmp_path: Path) -> None:
    """After its time of grace, which is shorter here."""
    for turn, number in _turns(1):
        with _running(tmp_path / turn, TASK_GRACE_S="0.5") as worker:
            worker.send()
            task = worker.wait_for(BEGUN).decode()
            assert worker.end(number) < BUSY_S
            said = f"genrebot.ingest[{task}] is stopped: still running 0 s after {number.name}"
            assert said in worker.log.read_text()
            assert worker.tasks_left() == 1
            assert not worker.redis.llen(ENDED)


def test_who_does_not_end_even_then_is_killed_and_that_is_said(tmp_path: Path) -> None:
    """A process that does not hear SIGTERM; its parent waits for it for ever."""
    for turn, number in _turns(0):
        with _running(tmp_path / turn, DEAF="1", TASK_GRACE_S="0.5", KILL_AFTER_S="0.5") as worker:
            worker.send()
            worker.wait_for(BEGUN)
            assert worker.end(number) < BUSY_S
            said = f"killed, with its processes: the worker had not ended 1 s after {number.name}"
            assert said in worker.log.read_text()
            assert worker.tasks_left() == 1


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
def test_without_its_queue(tmp_path: Path, *, busy: bool) -> None:
    """Valkey has died first; nothing can be handed back to it."""
    for turn, number in _turns(int(busy)):
        with _running(tmp_path / turn, TASK_GRACE_S="0.5") as worker:
            if busy:
                worker.send()
                worker.wait_for(BEGUN)
            worker.valkey.kill()
            assert worker.end(number) < BUSY_S
